"""The contract carries SageMaker: what its endpoint, its configs and its autoscaler ask of a plan and of an apply."""

from __future__ import annotations

from pathlib import Path

import pytest

from infractl.domain.event import Phase
from infractl.testing.subject import Subject
from tests.testing.doubles.bench import Bench, bench_of
from tests.testing.doubles.sagemaker import SageMaker
from tests.testing.doubles.sagemaker_cloud import Cloud
from tests.testing.doubles.suite import DoubleSuite, subject_of

pytestmark = pytest.mark.usefixtures("short_pauses")


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def sagemaker(tmp_path: Path) -> Bench:
    return bench_of(SageMaker(), Cloud(), tmp_path)


def of(bench: Bench, kind: str) -> list[str]:
    return [name for found, name in bench.cloud.there if found == kind]


def serves(bench: Bench) -> str:
    """The config that the endpoint serves."""
    (endpoint,) = of(bench, "endpoint")
    return str(bench.cloud.there["endpoint", endpoint]["EndpointConfigName"])


def test_a_service_is_made_in_order_and_destroyed_in_the_other(sagemaker: Bench) -> None:
    made = sagemaker.done(sagemaker.wanted("1"))
    sagemaker.done([])

    assert made == ["create model", "create endpoint-config", "create endpoint", "create scalable-target"]
    assert sagemaker.cloud.deleted == ["scalable-target", "endpoint", "endpoint-config", "model"]
    assert sagemaker.cloud.there == {}


def test_a_change_makes_a_config_under_a_new_name_and_the_old_one_goes_once_the_endpoint_has_moved(sagemaker: Bench) -> None:
    sagemaker.done(sagemaker.wanted("1"))
    (old,) = of(sagemaker, "endpoint-config")

    steps = sagemaker.done(sagemaker.wanted("2"))

    assert steps == [
        "create model",
        "create endpoint-config",
        "update endpoint",
        "delete endpoint-config",
        "delete model",
    ]
    assert of(sagemaker, "endpoint-config") == [serves(sagemaker)] != [old]


def test_instances_that_the_autoscaler_added_are_no_difference_and_stay(sagemaker: Bench) -> None:
    sagemaker.done(sagemaker.wanted("1"))
    (name,) = of(sagemaker, "endpoint")
    sagemaker.cloud.there["endpoint", name]["ProductionVariants"] = [{"DesiredInstanceCount": 3}]

    assert sagemaker.planned(sagemaker.wanted("1")) == []
    sagemaker.done(sagemaker.wanted("2"))
    assert sagemaker.cloud.there["endpoint", name]["ProductionVariants"] == [{"DesiredInstanceCount": 3}]


def test_another_type_of_instance_takes_the_autoscaler_off_before_and_puts_it_on_afterwards(sagemaker: Bench) -> None:
    sagemaker.done(sagemaker.wanted("1"))

    steps = sagemaker.done(sagemaker.wanted("1", machine="ml.c5.large"))

    order = [steps.index(step) for step in ("delete scalable-target", "update endpoint", "create scalable-target")]
    assert order == sorted(order)


def test_an_endpoint_that_goes_back_without_a_word_is_an_error_that_names_what_it_serves(sagemaker: Bench) -> None:
    sagemaker.done(sagemaker.wanted("1"))
    before = serves(sagemaker)
    sagemaker.cloud.course = ("RollingBack", "InService")

    result = sagemaker.failed(sagemaker.wanted("2"))

    assert result.phase is Phase.failed
    assert f"EndpointConfigName is '{before}' instead of" in result.detail
    assert serves(sagemaker) == before in of(sagemaker, "endpoint-config")
    sagemaker.cloud.course = ("InService",)
    sagemaker.done(sagemaker.wanted("2"))
    assert of(sagemaker, "endpoint-config") == [serves(sagemaker)] != [before]


def test_a_config_that_is_wanted_again_is_taken_up_again_and_not_deleted(sagemaker: Bench) -> None:
    sagemaker.done(sagemaker.wanted("1"))
    before = serves(sagemaker)
    sagemaker.cloud.course = ("RollingBack", "InService")
    sagemaker.failed(sagemaker.wanted("2"))
    assert len(of(sagemaker, "endpoint-config")) == 2

    sagemaker.cloud.course = ("InService",)
    sagemaker.done(sagemaker.wanted("1"))

    assert of(sagemaker, "endpoint-config") == [before] == [serves(sagemaker)]
    assert sagemaker.state is not None and sagemaker.state.deposed == ()


def test_a_service_that_went_back_is_destroyed_in_order(sagemaker: Bench) -> None:
    sagemaker.done(sagemaker.wanted("1"))
    sagemaker.cloud.course = ("RollingBack", "InService")
    sagemaker.failed(sagemaker.wanted("2"))

    sagemaker.done([])

    assert sagemaker.cloud.deleted == ["scalable-target", "endpoint", *["endpoint-config"] * 2, *["model"] * 2]
    assert sagemaker.cloud.there == {}


def test_an_endpoint_that_failed_is_made_anew_and_not_updated(sagemaker: Bench) -> None:
    sagemaker.cloud.course = ("Failed",)
    assert sagemaker.failed(sagemaker.wanted("1")).phase is Phase.failed
    sagemaker.cloud.course = ("InService",)

    assert "replace endpoint" in sagemaker.planned(sagemaker.wanted("1"))
    sagemaker.done(sagemaker.wanted("1"))


def test_a_crash_in_an_update_is_waited_for_and_starts_no_second(sagemaker: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    sagemaker.done(sagemaker.wanted("1"))
    updates: list[str] = []
    update = sagemaker.cloud.update_endpoint

    def dies(name: str, config: str) -> None:
        update(name, config)
        updates.append(config)
        raise Crash

    monkeypatch.setattr(sagemaker.cloud, "update_endpoint", dies)
    with pytest.raises(Crash):
        sagemaker.apply(sagemaker.wanted("2"))

    sagemaker.settle()
    sagemaker.done(sagemaker.wanted("2"))

    assert updates == [serves(sagemaker)]


def test_an_update_that_somebody_else_began_is_waited_for(sagemaker: Bench) -> None:
    sagemaker.done(sagemaker.wanted("1"))
    wanted = sagemaker.wanted("2")
    (name,) = of(sagemaker, "endpoint")
    sagemaker.cloud.start(name, serves(sagemaker), *["SystemUpdating"] * 20, "InService")

    sagemaker.done(wanted)


class TestSuite(DoubleSuite):
    @pytest.fixture(scope="class")
    @classmethod
    def subject(cls, tmp_path_factory: pytest.TempPathFactory) -> Subject:
        return subject_of(SageMaker(), Cloud(), tmp_path_factory.mktemp("run"))
