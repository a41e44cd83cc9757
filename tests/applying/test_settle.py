"""What a crash leaves in the journal, at each point, and what the next run makes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest

from infractl.clock import SystemClock
from infractl.domain.action import Action
from infractl.domain.health import Health, HealthStatus
from infractl.domain.journal import Intent, Outcome
from infractl.domain.resource import Resource
from infractl.domain.step import Done, Running, Step
from infractl.errors import ProviderError, StateError, TransientProviderError
from infractl.testing.engine import KEY

Thing = Callable[..., Resource]


class Asleep(SystemClock):
    """A clock in which time passes by sleeping alone."""

    def __init__(self, slept: list[float]) -> None:
        self.slept = slept

    def monotonic(self) -> float:
        return sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


class Crash(BaseException):
    """The process dies here: nothing catches it, and nothing is written after it."""


def crash(_: Step) -> None:
    raise Crash


def crash_in(bench: Any, wanted: list[Resource]) -> None:
    with pytest.raises(Crash):
        bench.apply(wanted)


def converges(bench: Any, wanted: list[Resource], names: list[str]) -> None:
    bench.settle()
    assert bench.state.open_steps == ()
    assert bench.apply(wanted).complete or not wanted
    assert bench.cloud.names() == names
    if bench.state is not None:
        assert [c for c in bench.plan(wanted).changes if c.action.value != "no-op"] == []


@pytest.mark.parametrize("point", ["before_begin", "after_begin"])
@pytest.mark.parametrize("before", [{}, {"size": 1}, {"host": "old"}], ids=["create", "update", "replace"])
def test_a_crash_before_or_after_the_call_leaves_one_object_in_the_end(
    bench: Any, thing: Thing, point: str, before: dict[str, Any]
) -> None:
    if before:
        bench.apply([thing("a", **before)])
    getattr(bench.cloud, point)["a"] = crash
    wanted = [thing("a", size=2, **({"host": "new"} if "host" in before else {}))]

    crash_in(bench, wanted)
    getattr(bench.cloud, point).clear()

    converges(bench, wanted, ["a"])


@pytest.mark.parametrize("point", ["before_begin", "after_begin"])
def test_a_crash_in_a_delete_is_finished_by_the_next_run(bench: Any, thing: Thing, point: str) -> None:
    bench.apply([thing("a", size=1)])
    getattr(bench.cloud, point)["a"] = crash

    crash_in(bench, [])
    getattr(bench.cloud, point).clear()

    converges(bench, [], [])
    assert bench.state is None


def test_a_delete_that_was_cut_short_is_begun_again_as_it_was_recorded(bench: Any, thing: Thing) -> None:
    asked: list[Step] = []
    bench.apply([thing("a", size=1)])
    (before,) = bench.cloud.objects.values()
    bench.cloud.after_begin["a"] = crash
    crash_in(bench, [])
    bench.cloud.after_begin["a"] = asked.append

    bench.settle()

    (again,) = asked
    assert (again.action, again.prior) == (Action.delete, before)
    assert bench.state.resources == ()


@pytest.mark.parametrize("error", [ProviderError, TransientProviderError])
def test_a_delete_that_cannot_be_begun_again_holds_nobody_up_unless_it_may_succeed_later(
    bench: Any, thing: Thing, error: type[ProviderError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Step) -> None:
        raise error.of("refused", summary="not now")

    bench.apply([thing("a", size=1)])
    bench.cloud.after_begin["a"] = crash
    crash_in(bench, [])
    bench.cloud.after_begin["a"] = refuse
    monkeypatch.setattr(type(bench.clock), "sleep", lambda *_: None)

    with nullcontext() if error is ProviderError else pytest.raises(TransientProviderError):
        bench.settle()

    assert len(bench.state.resources) == (0 if error is ProviderError else 1)


@pytest.mark.parametrize("point", ["before_begin", "after_begin"])
def test_a_crash_in_a_replacement_that_creates_first_loses_neither_object(bench: Any, thing: Thing, point: str) -> None:
    bench.apply([thing("a", kind="first", host="x")])
    getattr(bench.cloud, point)["a"] = crash
    wanted = [thing("a", kind="first", host="y")]

    crash_in(bench, wanted)
    getattr(bench.cloud, point).clear()
    bench.settle()

    known = {r.ref for r in (*bench.state.resources, *bench.state.deposed)}
    assert known == set(bench.cloud.objects)


def test_an_operation_that_was_under_way_is_waited_for_and_not_begun_again(bench: Any, thing: Thing) -> None:
    def die(_: object) -> None:
        raise Crash

    bench.cloud.polls["a"] = [Running(after_s=0.01)] * 2
    wanted = [thing("a", size=1)]
    bench.cloud.twist["a"] = die

    crash_in(bench, wanted)
    bench.cloud.twist.clear()
    bench.cloud.polls["a"] = [Running(after_s=0.01)] * 2
    bench.settle()

    assert bench.cloud.polls["a"] == []
    assert bench.cloud.calls == [("create", "a")]
    assert [dict(r.properties) for r in bench.state.resources] == [{"size": 1}]


def test_what_was_done_before_the_crash_is_known_after_it(bench: Any, thing: Thing) -> None:
    bench.cloud.before_begin["b"] = crash
    wanted = [thing("a", size=1), thing("b", ["a"], size=1)]

    crash_in(bench, wanted)
    bench.cloud.before_begin.clear()
    bench.settle()

    assert [r.address.name for r in bench.state.resources] == ["a"]
    converges(bench, wanted, ["a", "b"])


def test_a_journal_that_ends_what_it_never_began_is_refused(bench: Any, thing: Thing) -> None:
    bench.apply([thing("a", size=1)])
    lease = bench.store.lock(KEY, "a test")
    bench.store.append(KEY, lease.epoch, Outcome(step="lost", recorded=None, failure=None, at=bench.clock.now()))
    lease.release()

    with pytest.raises(StateError, match="it tells of step lost, and not that it was begun"):
        bench.settle()


def test_an_object_whose_operation_was_not_written_down_is_waited_for_all_the_same(bench: Any, thing: Thing) -> None:
    bench.cloud.after_begin["a"] = crash
    crash_in(bench, [thing("a", size=1)])
    bench.cloud.after_begin.clear()
    bench.cloud.health["a"] = Health(HealthStatus.progressing, "it is being made")
    threading.Timer(0.3, bench.cloud.health.clear).start()

    bench.settle()

    assert bench.cloud.health == {}, "the step was called ended while its object was still being made"
    assert [r.address.name for r in bench.state.resources] == ["a"]


def test_an_object_that_never_gets_ready_is_recorded_and_can_be_destroyed(bench: Any, thing: Thing) -> None:
    bench.operation_s = 0.1
    bench.cloud.after_begin["a"] = crash
    crash_in(bench, [thing("a", size=1)])
    bench.cloud.after_begin.clear()
    bench.cloud.health["a"] = Health(HealthStatus.progressing, "it is being made")

    bench.settle()
    bench.apply([])

    assert bench.state is None
    assert bench.cloud.names() == []


def test_an_operation_that_tells_the_id_only_at_its_end_is_believed_though_labels_show_later(
    bench: Any, thing: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(_: object) -> None:
        raise Crash

    wanted = [thing("a", size=1)]
    bench.cloud.twist["a"] = die
    crash_in(bench, wanted)
    bench.cloud.twist.clear()
    (begun,) = bench.cloud.objects
    made = replace(begun, id="id-told-at-the-end")
    bench.cloud.objects[made] = replace(bench.cloud.objects.pop(begun), ref=made)
    bench.cloud.polls["a"] = [Done(ref=made)]

    monkeypatch.setattr(type(bench.connections["here"].kinds["thing"].kind), "find", lambda *_: [])
    bench.settle()

    assert [r.ref for r in bench.state.resources] == [made]


def test_a_created_object_that_shows_late_is_waited_for_and_not_made_again(
    bench: Any, thing: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.settle_s = 5.0
    bench.cloud.after_begin["a"] = crash
    crash_in(bench, [thing("a", size=1)])
    bench.cloud.after_begin.clear()
    kind = type(bench.connections["here"].kinds["thing"].kind)
    find, blind = kind.find, [True, True]
    monkeypatch.setattr(kind, "find", lambda self, owner: [] if blind and blind.pop() else find(self, owner))

    bench.settle()

    assert [r.address.name for r in bench.state.resources] == ["a"]
    assert bench.apply([thing("a", size=1)]).complete
    assert bench.cloud.calls == [("create", "a")]


def test_creates_that_were_never_begun_are_waited_for_together(bench: Any, thing: Thing) -> None:
    wanted = [thing(name, size=1) for name in "abcde"]
    at = bench.clock.now()
    bench.apply([thing("z", size=1)])
    lease = bench.store.lock(KEY, "a test")
    for one in wanted:
        intent = Intent(
            step=one.address.name, action=Action.create, address=one.address, target="here", desired=one, prior=None, at=at
        )
        bench.store.append(KEY, lease.epoch, intent)
    lease.release()
    slept: list[float] = []
    bench.clock = Asleep(slept)

    bench.settle()

    assert bench.settle_s <= sum(slept) < 2 * bench.settle_s
    assert [r.address.name for r in bench.state.resources] == ["z"]
