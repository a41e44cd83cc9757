"""The contract carries Vertex: what long operations, ids of the server's and a split of the traffic by them ask of it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from infractl.domain.event import Phase
from infractl.testing.subject import Subject
from tests.testing.doubles.bench import Bench, bench_of
from tests.testing.doubles.suite import DoubleSuite, subject_of
from tests.testing.doubles.vertex import Vertex
from tests.testing.doubles.vertex_cloud import Cloud

pytestmark = pytest.mark.usefixtures("short_pauses")


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def vertex(tmp_path: Path) -> Bench:
    return bench_of(Vertex(), Cloud(), tmp_path)


def endpoint(bench: Bench) -> dict[str, Any]:
    (found,) = (told for (kind, _), told in bench.cloud.there.items() if kind == "endpoint")
    return found


def deployed(bench: Bench) -> dict[str, str]:
    """The ids that the server gave out, by version."""
    return {told["displayName"]: given for given, told in endpoint(bench)["deployedModels"].items()}


def test_a_service_is_made_in_order_and_destroyed_in_the_other(vertex: Bench) -> None:
    made = vertex.done(vertex.wanted("1"))
    assert endpoint(vertex)["trafficSplit"] == {deployed(vertex)["v1"]: 100}
    vertex.done([])

    assert made[-2:] == ["create deployed-model", "create traffic-split"]
    assert vertex.cloud.deleted[0] == "deployed-model"
    assert Counter(vertex.cloud.deleted) == {"deployed-model": 1, "endpoint": 1, "model": 1}
    assert vertex.cloud.there == {}


def test_a_candidate_is_deployed_gets_its_share_and_is_promoted(vertex: Bench) -> None:
    vertex.done(vertex.wanted("1"))

    shared = vertex.done(vertex.wanted("1", candidate="2", share=0.1))
    ids = deployed(vertex)
    assert endpoint(vertex)["trafficSplit"] == {ids["v1"]: 90, ids["v2"]: 10}
    promoted = vertex.done(vertex.wanted("2"))

    assert shared == ["create model", "create deployed-model", "update traffic-split"]
    assert promoted == ["update traffic-split", "delete deployed-model", "delete model"]
    assert endpoint(vertex)["trafficSplit"] == {ids["v2"]: 100}
    assert deployed(vertex) == {"v2": ids["v2"]}


def test_a_candidate_is_taken_back(vertex: Bench) -> None:
    vertex.done(vertex.wanted("1"))
    vertex.done(vertex.wanted("1", candidate="2", share=0.1))

    assert vertex.done(vertex.wanted("1")) == ["update traffic-split", "delete deployed-model", "delete model"]
    assert endpoint(vertex)["trafficSplit"] == {deployed(vertex)["v1"]: 100}


def test_another_machine_is_another_deployed_model_and_the_traffic_turns_to_it_before_the_old_one_goes(vertex: Bench) -> None:
    vertex.done(vertex.wanted("1"))
    before = deployed(vertex)["v1"]

    steps = vertex.done(vertex.wanted("1", machine="g2-standard-8"))

    assert steps == ["create deployed-model", "update traffic-split", "delete deployed-model"]
    assert list(endpoint(vertex)["trafficSplit"]) == list(deployed(vertex).values()) != [before]


def test_a_deployment_that_ends_badly_is_an_error_and_the_split_stays(vertex: Bench) -> None:
    vertex.done(vertex.wanted("1"))
    split = dict(endpoint(vertex)["trafficSplit"])
    vertex.cloud.stock_out = True

    result = vertex.failed(vertex.wanted("2"))

    assert (result.phase, result.detail) == (Phase.failed, "Resources are insufficient in region; nothing is there")
    assert endpoint(vertex)["trafficSplit"] == split
    vertex.cloud.stock_out = False
    vertex.done(vertex.wanted("2"))
    assert list(deployed(vertex)) == ["v2"]


@pytest.mark.parametrize("written", [True, False], ids=["its-token-is-written-down", "its-token-is-lost"])
def test_a_crash_in_a_deployment_is_waited_for_and_starts_no_second(
    vertex: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    begun: list[str] = []
    deploy, answer = vertex.cloud.deploy_model, vertex.cloud.answer

    def deploys(name: str, asked: Any) -> str:
        token: str = deploy(name, asked)
        begun.append(token)
        if not written:
            raise Crash
        return token

    def dies(_: str) -> None:
        raise Crash

    with monkeypatch.context() as patch:
        patch.setattr(vertex.cloud, "deploy_model", deploys)
        if written:
            patch.setattr(vertex.cloud, "answer", dies)
        with pytest.raises(Crash):
            vertex.apply(vertex.wanted("1"))
    assert vertex.cloud.answer == answer and deployed(vertex) == {}

    other = bench_of(Vertex(), vertex.cloud, tmp_path)
    monkeypatch.setattr(vertex.cloud, "deploy_model", lambda *given: begun.append("another") or deploy(*given))
    other.settle()
    other.done(other.wanted("1"))

    assert len(vertex.cloud.operations) == 1
    assert list(deployed(other)) == ["v1"]


def test_two_deployments_at_once_wait_for_each_other(vertex: Bench) -> None:
    vertex.done(vertex.wanted("1", candidate="2", share=0.2))

    assert len(vertex.cloud.operations) == 2
    assert sorted(endpoint(vertex)["trafficSplit"].values()) == [20, 80]


class TestSuite(DoubleSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        return subject_of(Vertex(), Cloud(), tmp_path_factory.mktemp("run"))
