"""Each fault through the engine, with the reference provider behind it: no lie is a success, and errors say what is there.

The oracle is the reference provider's own log, and its objects as an undisturbed client reads them.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from infractl.applying.connection import Connection
from infractl.clock import SystemClock
from infractl.domain.address import Address, Owner
from infractl.domain.applied import StepResult
from infractl.domain.event import Phase
from infractl.domain.resource import Resource
from infractl.errors import ProviderError, TransientProviderError, UnansweredError
from infractl.provider.contract import Kind
from infractl.state.local import LocalStateStore
from infractl.testing.engine import KEY, Engine
from infractl.testing.faults import AnswersTwice, Hangs, Lags, Lies, LosesTheAnswer, Raises, RollsBack, Throttles
from infractl.testing.reference.cloud import Cloud, running
from infractl.testing.reference.kind import SCHEMAS, ReferenceKind
from infractl.testing.sample import Shelf

NEVER_S = 3600.0
MakeFault = Callable[[Kind], Kind]
REFUSED = ProviderError.of("quota", summary="the quota is used up", remedy="ask for more")


@dataclass(kw_only=True)
class Place:
    """A service on the reference provider, whose kinds can be made faulty and good again."""

    cloud: Cloud
    directory: Path
    lineage: str = field(default_factory=lambda: secrets.token_hex(8))
    shelf: Shelf = field(default_factory=Shelf)
    operation_s: float = 2.0
    call_s: float = 60.0

    def engine(self, fault: MakeFault = lambda kind: kind) -> Engine:
        kinds = {name: fault(ReferenceKind(name, self.cloud, self.shelf, self.shelf)) for name in SCHEMAS}
        return Engine(
            store=LocalStateStore(self.directory, SystemClock()),
            connections={"here": Connection.of(kinds, {n: replace(s, call_s=self.call_s) for n, s in SCHEMAS.items()})},
            lineage=self.lineage,
            operation_s=self.operation_s,
        )

    def apply(self, *wanted: Resource, fault: MakeFault = lambda kind: kind) -> StepResult:
        """The result of the one step that is not done, or of the last one."""
        results = self.engine(fault).apply(wanted).results
        return next((r for r in results if r.phase is not Phase.done), results[-1])

    def converges(self, *wanted: Resource) -> None:
        """What the next run makes of it, with a provider that behaves: all is as wanted, and nothing is there twice."""
        engine = self.engine()
        if engine.state is not None:
            engine.settle()
        assert engine.apply(wanted).complete
        assert engine.plan(wanted).changed == ()
        there = {(x["kind"], x["labels"]["infractl-name"]) for x in self.objects}
        assert sorted(there) == sorted((r.address.kind, r.address.name) for r in wanted)
        assert len(self.objects) == len(wanted)

    @property
    def objects(self) -> list[Mapping[str, Any]]:
        return [x for kind in SCHEMAS for x in self.cloud.call("find", kind=kind, labels={"infractl-lineage": self.lineage})]

    @property
    def begun(self) -> list[str]:
        """What the provider really carried out."""
        mine = [entry for entry in self.cloud.log(event="begun") if self.lineage in entry["key"]]
        return [entry["action"] for entry in mine]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with running(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture
def place(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr("infractl.applying.wait.random.uniform", lambda *_: 0.005)
    return Place(cloud=cloud, directory=tmp_path)


def thing(name: str = "main", kind: str = "endpoint", **properties: Any) -> Resource:
    address = Address(project=KEY.project, environment=KEY.environment, service=KEY.service, kind=kind, name=name)
    return Resource(address=address, properties=properties)


def id_of(place: Place) -> str:
    (there,) = place.objects
    return str(there["id"])


def test_a_create_that_is_refused_says_that_nothing_is_there(place: Place) -> None:
    result = place.apply(thing(size=1), fault=lambda kind: Raises(kind, REFUSED))

    assert (result.phase, result.remedy) == (Phase.failed, "ask for more")
    assert result.detail == "the quota is used up; nothing is there"
    assert place.begun == []
    place.converges(thing(size=1))


def test_an_update_that_is_refused_says_what_lives_instead(place: Place) -> None:
    place.apply(thing(size=1))

    result = place.apply(thing(size=2), fault=lambda kind: Raises(kind, REFUSED))

    assert result.detail == f"the quota is used up; endpoint {id_of(place)} is there, and size is 1 instead of 2"
    place.converges(thing(size=2))


def test_a_delete_that_is_refused_names_what_stays(place: Place) -> None:
    place.apply(thing(size=1))

    result = place.apply(fault=lambda kind: Raises(kind, REFUSED))

    assert result.detail == f"the quota is used up; endpoint {id_of(place)} is there"


def test_a_create_that_broke_after_it_was_carried_out_names_what_it_left_and_keeps_it(place: Place) -> None:
    result = place.apply(thing(size=1), fault=lambda kind: Raises(kind, KeyError("EndpointName"), acted=True))

    assert "KeyError" in result.detail and result.detail.endswith(f"endpoint {id_of(place)} is there, as wanted")
    place.converges(thing(size=1))
    assert place.begun == ["create"]


def test_a_replacement_that_creates_first_and_is_refused_names_the_old_one(place: Place) -> None:
    place.apply(thing(kind="config", serving=1))

    result = place.apply(thing(kind="config", serving=2), fault=lambda kind: Raises(kind, REFUSED))

    assert result.detail.endswith(f"nothing is there, and config {id_of(place)}, which it replaces, still is")
    place.converges(thing(kind="config", serving=2))


def test_a_provider_that_cannot_be_asked_afterwards_is_told_of_as_well(place: Place) -> None:
    class Down(Raises):
        def find(self, owner: Owner) -> Any:
            raise TransientProviderError.of("down", summary="nobody answers")

    engine = place.engine()
    plan = engine.plan([thing(size=1)])
    engine.connections = place.engine(lambda kind: Down(kind, REFUSED)).connections
    engine.plan = lambda _: plan  # type: ignore[method-assign, assignment]
    (result,) = engine.apply([thing(size=1)]).results

    assert result.detail == "the quota is used up; what is there now cannot be read (nobody answers)"


def test_an_operation_that_never_ends_is_unknown_and_named(place: Place) -> None:
    place.operation_s = 0.1

    result = place.apply(thing(size=1), fault=Hangs)

    assert result.phase is Phase.unknown
    assert result.detail == f"it did not end within 0s: nothing moves; endpoint {id_of(place)} is there, as wanted"
    place.converges(thing(size=1))
    assert place.begun == ["create"]


@pytest.mark.parametrize("method", ["begin", "poll", "read"])
def test_a_call_that_hangs_until_its_client_gives_up_is_unknown(place: Place, method: str) -> None:
    result = place.apply(thing(size=1), fault=lambda kind: Hangs(kind, method=method, call_s=0.01))

    assert result.phase is Phase.unknown
    there = {"begin": "nothing is there"}.get(method) or f"endpoint {id_of(place)} is there, as wanted"
    assert result.detail == f"the provider does not answer in time; {there}"
    place.converges(thing(size=1))
    assert place.begun == ["create"]


@pytest.mark.parametrize("method", ["begin", "poll", "read"])
def test_a_call_that_never_returns_is_unknown_and_holds_up_nothing_else(place: Place, method: str) -> None:
    place.call_s = 0.5
    engine = place.engine()
    hanging = place.engine(lambda kind: Hangs(kind, method=method, call_s=NEVER_S)).connections["here"].kinds["config"]
    engine.connections = {"here": Connection(kinds={**engine.connections["here"].kinds, "config": hanging})}

    results = {r.address.kind: r for r in engine.apply([thing(kind="config"), thing(size=1)]).results}

    assert {kind: r.phase for kind, r in results.items()} == {"config": Phase.unknown, "endpoint": Phase.done}
    assert results["config"].detail == (
        f"a provider does not answer: {method} of config did not answer within 0.5s; what is there now was not asked"
    )
    place.call_s = 60.0
    place.converges(thing(kind="config"), thing(size=1))
    assert place.begun == ["create", "create"]


def test_a_plan_whose_provider_never_answers_is_an_error_that_names_the_call(place: Place) -> None:
    place.call_s = 0.2

    with pytest.raises(UnansweredError, match=r"find of endpoint did not answer within 0\.2s"):
        place.engine(lambda kind: Hangs(kind, method="find", call_s=NEVER_S)).plan([thing(size=1)])


def test_a_create_that_is_a_lie_says_that_nothing_is_there(place: Place) -> None:
    result = place.apply(thing(size=1), fault=Lies)

    assert result.phase is Phase.failed
    assert result.detail == "the provider called it done, and it is not there; nothing is there"
    place.converges(thing(size=1))


def test_an_update_that_is_a_lie_says_what_lives_instead(place: Place) -> None:
    place.apply(thing(size=1))

    result = place.apply(thing(size=2), fault=Lies)

    assert result.phase is Phase.failed
    assert result.detail == f"the provider called it done, and size is 1 instead of 2; endpoint {id_of(place)} is there"
    place.converges(thing(size=2))


def test_a_delete_that_is_a_lie_names_what_is_still_there(place: Place) -> None:
    place.apply(thing(size=1))

    result = place.apply(fault=Lies)

    assert result.phase is Phase.failed
    assert result.detail == f"it was deleted and is still there; endpoint {id_of(place)} is there"
    assert place.engine().apply([]).complete
    assert place.objects == []


def test_a_request_that_arrives_twice_is_carried_out_once(place: Place) -> None:
    for wanted in ([thing(size=1)], [thing(size=2)]):
        assert place.engine(AnswersTwice).apply(wanted).complete
    place.converges(thing(size=2))
    assert place.engine(AnswersTwice).apply([]).complete

    assert place.begun == ["create", "update", "delete"]
    assert place.objects == []


def test_an_answer_that_is_lost_is_asked_for_again_and_nothing_is_made_twice(place: Place) -> None:
    assert place.engine(lambda kind: LosesTheAnswer(kind, times=2)).apply([thing(size=1)]).complete

    assert place.begun == ["create"]
    place.converges(thing(size=1))


def test_answers_that_are_always_lost_leave_an_unknown_step_that_names_what_is_there(place: Place) -> None:
    result = place.apply(thing(size=1), fault=LosesTheAnswer)

    assert result.phase is Phase.unknown
    assert result.detail == f"the connection broke before the answer came; endpoint {id_of(place)} is there, as wanted"
    place.converges(thing(size=1))
    assert place.begun == ["create"]


def test_a_silent_rollback_of_an_update_says_what_lives_instead(place: Place) -> None:
    place.apply(thing(size=1))

    result = place.apply(thing(size=2), fault=RollsBack)

    assert result.phase is Phase.failed
    assert result.detail == f"the provider called it done, and size is 1 instead of 2; endpoint {id_of(place)} is there"
    (record,) = place.engine().state.resources  # type: ignore[union-attr]
    assert dict(record.properties) == {"size": 1}
    place.converges(thing(size=2))


def test_a_silent_rollback_of_a_create_says_that_nothing_is_there(place: Place) -> None:
    result = place.apply(thing(size=1), fault=RollsBack)

    assert result.phase is Phase.failed
    assert result.detail == "the provider called it done, and it is not there; nothing is there"
    assert place.begun == ["create", "delete"]
    place.converges(thing(size=1))


@pytest.mark.parametrize("method", ["begin", "poll", "read"])
def test_a_provider_that_throttles_for_a_while_is_asked_again(place: Place, method: str) -> None:
    assert place.engine(lambda kind: Throttles(kind, method=method, times=3)).apply([thing(size=1)]).complete

    assert place.begun == ["create"]


def test_a_provider_that_throttles_a_plan_for_a_while_is_asked_again(place: Place) -> None:
    looked_for = place.engine(lambda kind: Throttles(kind, method="find", times=3)).plan([thing(size=1)])
    place.apply(thing(size=1))
    read = place.engine(lambda kind: Throttles(kind, method="read", times=3)).plan([thing(size=2)])

    assert [c.action.value for c in (*looked_for.changes, *read.changes)] == ["create", "update"]


def test_a_provider_that_throttles_the_settling_of_a_crash_is_asked_again(place: Place) -> None:
    place.apply(thing(size=1), fault=LosesTheAnswer)

    place.engine(lambda kind: Throttles(kind, method="find", times=3)).settle()

    state = place.engine().state
    assert state is not None and [dict(r.properties) for r in state.resources] == [{"size": 1}]


@pytest.mark.parametrize("method", ["begin", "poll", "read"])
def test_a_provider_that_throttles_for_ever_leaves_an_unknown_step_that_names_what_is_there(place: Place, method: str) -> None:
    result = place.apply(thing(size=1), fault=lambda kind: Throttles(kind, method=method))

    assert result.phase is Phase.unknown
    there = {"begin": "nothing is there"}.get(method) or f"endpoint {id_of(place)} is there, as wanted"
    assert result.detail == f"the provider is asked too often; {there}"
    place.converges(thing(size=1))


def test_reads_that_lag_a_little_are_waited_for(place: Place) -> None:
    for wanted in ([thing(size=1)], [thing(size=2)], []):
        assert place.engine(lambda kind: Lags(kind, reads=1)).apply(wanted).complete


def test_reads_that_lag_too_long_are_a_failure_that_names_what_is_seen_and_the_next_run_adopts(place: Place) -> None:
    result = place.apply(thing(size=1), fault=lambda kind: Lags(kind, reads=100))

    assert result.detail == "the provider called it done, and it is not there; nothing is there"
    place.converges(thing(size=1))
    assert place.begun == ["create"]


def test_an_update_whose_reads_lag_too_long_names_what_is_seen(place: Place) -> None:
    place.apply(thing(size=1))

    result = place.apply(thing(size=2), fault=lambda kind: Lags(kind, reads=100))

    assert result.detail == f"the provider called it done, and size is 1 instead of 2; endpoint {id_of(place)} is there"
    place.converges(thing(size=2))
