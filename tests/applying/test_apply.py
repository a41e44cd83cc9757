"""Applying against a provider that does as it is told, and against one that does not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infractl.applying.apply import apply_service
from infractl.applying.connection import Connection
from infractl.domain.event import Phase
from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Failed, Running, Step
from infractl.domain.value import Output, SecretRef
from infractl.errors import BusyProviderError, ProviderError, TransientProviderError

Thing = Callable[..., Resource]


def phases(applied: Any) -> dict[str, Phase]:
    return {f"{r.action.value} {r.address.name}": r.phase for r in applied.results}


def test_resources_are_made_in_order_and_get_each_others_outputs(bench: Any, thing: Thing) -> None:
    first = thing("a", size=1)
    second = thing("b", peer=Output(first.address, "id"))

    applied = bench.apply([second, first])

    assert applied.complete
    assert bench.cloud.calls == [("create", "a"), ("create", "b")]
    assert {r.address.name: dict(r.properties) for r in bench.state.resources} == {"a": {"size": 1}, "b": {"peer": "id-1"}}
    assert bench.store.entries(bench.state.key) == ()


def test_applying_twice_calls_nobody_the_second_time(bench: Any, thing: Thing) -> None:
    wanted = [thing("a", size=1), thing("b", ["a"], size=2)]
    bench.apply(wanted)
    bench.cloud.calls.clear()

    assert bench.apply(wanted).results == ()
    assert bench.cloud.calls == []


def test_what_is_not_wanted_goes_after_what_used_it_and_the_document_with_it(bench: Any, thing: Thing) -> None:
    bench.apply([thing("a", size=1), thing("b", ["a"], size=2)])
    bench.cloud.calls.clear()

    applied = bench.apply([])

    assert bench.cloud.calls == [("delete", "b"), ("delete", "a")]
    assert applied.state is None
    assert bench.state is None
    assert bench.cloud.objects == {}


def test_a_failure_stops_what_depends_on_it_and_nothing_else(bench: Any, thing: Thing) -> None:
    def refuse(_: Step) -> None:
        raise ProviderError.of("quota", summary="the quota is used up", remedy="ask for more")

    bench.cloud.before_begin["a"] = refuse
    wanted = [thing("a", size=1), thing("b", ["a"], size=2), thing("c", size=3)]

    applied = bench.apply(wanted)

    assert phases(applied) == {
        "create a": Phase.failed,
        "create b": Phase.not_started,
        "create c": Phase.done,
    }
    failed = next(r for r in applied.results if r.phase is Phase.failed)
    assert "the quota is used up" in failed.detail and failed.remedy == "ask for more"
    assert [r.address.name for r in bench.state.resources] == ["c"]

    del bench.cloud.before_begin["a"]
    assert bench.apply(wanted).complete
    assert bench.cloud.names() == ["a", "b", "c"]


def test_a_plugin_that_breaks_is_a_failed_step(bench: Any, thing: Thing) -> None:
    def crash(_: Step) -> None:
        raise KeyError("EndpointName")

    bench.cloud.before_begin["a"] = crash

    applied = bench.apply([thing("a", size=1), thing("b", size=1)])

    assert phases(applied) == {"create a": Phase.failed, "create b": Phase.done}
    assert any("KeyError" in r.detail for r in applied.results)


def test_what_may_succeed_later_is_tried_again(bench: Any, thing: Thing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infractl.applying.wait.random.uniform", lambda *_: 0.01)
    left = ["throttled", "throttled"]

    def throttle(_: Step) -> None:
        if left:
            raise TransientProviderError.of("throttled", summary=left.pop())

    bench.cloud.before_begin["a"] = throttle

    assert bench.apply([thing("a", size=1)]).complete
    assert bench.cloud.calls == [("create", "a")] * 3
    assert bench.cloud.names() == ["a"]


def test_a_long_operation_is_waited_for(bench: Any, thing: Thing) -> None:
    bench.cloud.polls["a"] = [Running(detail="deploying", after_s=0.01)] * 3

    assert bench.apply([thing("a", size=1)]).complete
    assert [e.detail for e in bench.events if e.phase is Phase.waiting] == ["deploying"] * 3


def test_an_operation_that_fails_says_why_and_what_lives(bench: Any, thing: Thing) -> None:
    bench.cloud.polls["a"] = [Failed(detail="image not found", live="version 1 still answers")]

    (result,) = bench.apply([thing("a", size=1)]).results

    assert result.detail == "image not found; version 1 still answers"


def test_done_with_nothing_there_is_an_error(bench: Any, thing: Thing) -> None:
    bench.cloud.twist["a"] = lambda _: None

    (result,) = bench.apply([thing("a", size=1)]).results

    assert result.phase is Phase.failed and "it is not there" in result.detail


def test_a_silent_rollback_is_an_error_that_names_what_lives(bench: Any, thing: Thing) -> None:
    bench.apply([thing("a", version="1")])

    def roll_back(step: Step) -> None:
        (ref,) = bench.cloud.objects
        bench.cloud.objects[ref].properties["version"] = "1"

    bench.cloud.after_begin["a"] = roll_back
    (result,) = bench.apply([thing("a", version="2")]).results

    assert result.phase is Phase.failed
    assert "version is '1' instead of '2'" in result.detail
    assert dict(bench.state.resources[0].properties) == {"version": "1"}


def test_an_object_that_comes_up_sick_is_recorded_and_told(bench: Any, thing: Thing) -> None:
    bench.cloud.health["a"] = Health(HealthStatus.failed, "out of memory")

    (result,) = bench.apply([thing("a", size=1)]).results

    assert result.phase is Phase.failed and "out of memory" in result.detail
    assert [r.address.name for r in bench.state.resources] == ["a"]


def test_a_replacement_deletes_first_or_creates_first_as_its_kind_says(bench: Any, thing: Thing) -> None:
    bench.apply([thing("a", host="x"), thing("b", kind="first", host="x")])
    bench.cloud.calls.clear()

    applied = bench.apply([thing("a", host="y"), thing("b", kind="first", host="y")])

    assert applied.complete
    order = [verb for verb, name in bench.cloud.calls if name == "a"]
    assert order == ["delete", "create"]
    assert [verb for verb, name in bench.cloud.calls if name == "b"] == ["create", "delete"]
    assert bench.cloud.names() == ["a", "b"]
    assert bench.state.deposed == ()


def test_an_old_object_that_cannot_be_deleted_is_deposed_and_not_forgotten(bench: Any, thing: Thing) -> None:
    bench.apply([thing("b", kind="first", host="x")])

    def refuse(step: Step) -> None:
        if step.desired is None:
            raise ProviderError.of("in-use", summary="it is in use")

    bench.cloud.before_begin["b"] = refuse
    bench.apply([thing("b", kind="first", host="y")])

    assert [dict(r.properties) for r in bench.state.resources] == [{"host": "y"}]
    assert [dict(r.properties) for r in bench.state.deposed] == [{"host": "x"}]


def test_a_wish_to_stop_lets_what_runs_end_and_begins_nothing(bench: Any, thing: Thing) -> None:
    bench.cloud.before_begin["a"] = lambda _: bench.stop.request()

    applied = bench.apply([thing("a", size=1), thing("b", ["a"], size=2)])

    assert phases(applied) == {"create a": Phase.done, "create b": Phase.not_started}
    assert bench.cloud.names() == ["a"]


def test_what_carries_our_labels_is_adopted_and_not_made_twice(bench: Any, thing: Thing) -> None:
    bench.apply([thing("a", size=1)])
    lost = dict(bench.cloud.objects)
    bench.apply([])
    bench.cloud.objects.update(lost)

    applied = bench.apply([thing("a", size=2)])

    assert applied.complete
    assert bench.cloud.names() == ["a"]
    assert [dict(r.properties) for r in bench.state.resources] == [{"size": 2}]


def test_another_lineages_object_is_never_adopted(bench: Any, thing: Thing) -> None:
    bench.lineage = "line-0"
    bench.apply([thing("a", size=1)])
    bench.store.delete(bench.state.key, expected_serial=2, epoch=bench.store.lock(bench.state.key, "x").epoch)
    bench.lineage = "line-1"

    assert bench.plan([thing("a", size=1)]).changes[0].action.value == "create"


def test_what_is_adopted_without_a_difference_is_recorded_and_can_be_destroyed(bench: Any, thing: Thing) -> None:
    bench.apply([thing("a", size=1)])
    state = bench.state
    lease = bench.store.lock(state.key, "x")
    lost = replace(state, serial=state.serial + 1, resources=())
    bench.store.write(state.key, lost, expected_serial=state.serial, epoch=lease.epoch)
    lease.release()
    bench.cloud.calls.clear()

    assert bench.apply([thing("a", size=1)]).complete
    assert bench.cloud.calls == [], "it is there as wanted: nobody is called"
    assert [r.address.name for r in bench.state.resources] == ["a"]
    bench.apply([])

    assert bench.cloud.objects == {}


def test_an_operation_that_does_not_end_in_time_is_unknown_and_never_begun_a_second_time(bench: Any, thing: Thing) -> None:
    bench.operation_s = 0.05
    bench.cloud.polls["a"] = [Running(detail="deploying", after_s=0.03)] * 8
    wanted = [thing("a", size=1)]

    (result,) = bench.apply(wanted).results
    assert result.phase is Phase.unknown and "deploying" in result.detail
    assert [s.pending.token for s in bench.state.open_steps] == ["a"], "what to poll outlives the fold"

    bench.operation_s = 5.0
    bench.settle()
    assert bench.apply(wanted).complete
    assert bench.cloud.calls == [("create", "a")]


def test_an_operation_may_take_as_long_as_its_kind_says(bench: Any, thing: Thing) -> None:
    bench.operation_s = None
    kinds = bench.connections["here"].kinds
    brief = replace(kinds["thing"], schema=replace(kinds["thing"].schema, operation_s=0.05))
    bench.connections = {"here": Connection(kinds={**kinds, "thing": brief})}
    bench.cloud.polls["a"] = [Running(detail="deploying", after_s=3600.0)] * 2
    bench.cloud.polls["b"] = [Running(detail="deploying", after_s=0.1)] * 2

    applied = bench.apply([thing("a", size=1), thing("b", kind="first", size=1)])

    assert phases(applied) == {"create a": Phase.unknown, "create b": Phase.done}


def test_a_provider_that_cannot_be_asked_for_a_while_is_asked_again(
    bench: Any, thing: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infractl.applying.wait.random.uniform", lambda *_: 0.01)
    bench.cloud.polls["a"] = [TransientProviderError.of("throttled", summary="throttled")] * 2

    assert bench.apply([thing("a", size=1)]).complete


def test_a_lost_answer_is_unknown_and_settled_by_looking(bench: Any, thing: Thing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infractl.applying.wait.random.uniform", lambda *_: 0.001)

    def lose(_: Step) -> None:
        raise TransientProviderError.of("timeout", summary="no answer")

    bench.cloud.before_begin["a"] = lose
    (result,) = bench.apply([thing("a", size=1)]).results
    assert result.phase is Phase.unknown
    bench.cloud.before_begin.clear()

    bench.settle()
    assert bench.apply([thing("a", size=1)]).complete
    assert bench.cloud.names() == ["a"]


def test_a_wish_to_stop_keeps_back_what_could_begin_at_once(bench: Any, thing: Thing) -> None:
    bench.parallelism = 1
    bench.cloud.before_begin["t0"] = lambda _: bench.stop.request()

    applied = bench.apply([thing(f"t{i}", size=1) for i in range(5)])

    assert sorted(phases(applied).values()) == [Phase.done, *[Phase.not_started] * 4]


def test_a_plugin_that_breaks_where_it_is_asked_afterwards_does_not_lose_the_others(bench: Any, thing: Thing) -> None:
    def crash(*_: object) -> None:
        raise KeyError("EndpointName")

    bench.cloud.before_begin["a"] = crash
    plan_first = bench.plan([thing("a", size=1), thing("b", size=1)])
    bench.cloud.before_find = crash
    lease = bench.store.lock(plan_first.key, "test")
    applied = apply_service(plan_first, None, bench.run(lease.epoch))
    lease.release()

    assert phases(applied) == {"create a": Phase.failed, "create b": Phase.done}
    assert [r.address.name for r in bench.state.resources] == ["b"]


def test_what_carries_the_labels_of_a_recorded_object_goes_beside_it_with_a_destroy(bench: Any, thing: Thing) -> None:
    bench.apply([thing("a", size=1)])
    for name in ("twin-1", "twin-2"):
        (labels,) = {live.labels["infractl-name"]: live.labels for live in bench.cloud.objects.values()}.values()
        ref = Ref(kind="thing", id=name)
        bench.cloud.objects[ref] = Live(ref=ref, properties={"size": 1, "id": name}, labels=labels)

    assert bench.apply([thing("a", size=2)]).complete
    assert [r.ref.id for r in bench.state.resources] == ["id-1"]
    ended = bench.apply([])

    assert ended.complete
    assert len(ended.results) == 3
    assert bench.cloud.objects == {}
    assert bench.state is None


def test_what_carries_the_labels_of_a_recorded_object_and_cannot_go_leaves_its_record_alone(bench: Any, thing: Thing) -> None:
    bench.apply([thing("a", size=1)])
    ((_, own),) = bench.cloud.objects.items()
    twin = Ref(kind="thing", id="twin")
    bench.cloud.objects[twin] = Live(ref=twin, properties={"size": 1, "id": "twin"}, labels=own.labels)

    def refuse_own(step: Step) -> None:
        if step.prior is not None and step.prior.ref == own.ref:
            raise ProviderError.of("refused", summary="it is not to go")

    bench.cloud.before_begin["a"] = refuse_own
    assert not bench.apply([]).complete

    assert list(bench.cloud.objects) == [own.ref]
    assert [r.ref for r in bench.state.resources] == [own.ref]


def test_a_deposed_object_goes_with_the_next_apply_and_with_a_destroy(bench: Any, thing: Thing) -> None:
    def refuse(step: Step) -> None:
        if step.desired is None:
            raise ProviderError.of("in-use", summary="it is in use")

    for end in ([thing("b", kind="first", host="y")], []):
        bench.apply([thing("b", kind="first", host="x")])
        bench.cloud.before_begin["b"] = refuse
        bench.apply([thing("b", kind="first", host="y")])
        assert len(bench.state.deposed) == 1
        bench.cloud.before_begin.clear()

        assert bench.apply(end).complete
        assert len(bench.cloud.objects) == len(end)
        bench.apply([])
        assert bench.state is None and bench.cloud.objects == {}


def test_a_secret_is_in_no_state_and_no_plan_and_its_reference_is_compared(bench: Any, thing: Thing) -> None:
    def reveal(step: Step) -> None:
        for ref, live in list(bench.cloud.objects.items()):
            bench.cloud.objects[ref] = replace(live, properties={**live.properties, "key": "CANARY"})

    bench.cloud.after_begin["a"] = reveal
    bench.apply([thing("a", size=1, key=SecretRef("env", "KEY", "1"))])

    same = bench.plan([thing("a", size=1, key=SecretRef("env", "KEY", "1"))])
    newer = bench.plan([thing("a", size=1, key=SecretRef("env", "KEY", "2"))])
    assert [c.action.value for c in same.changes] == ["no-op"]
    assert [c.action.value for c in newer.changes] == ["update"]
    assert "CANARY" not in repr(newer) + repr(bench.state)
    with pytest.raises(ProviderError, match="secret-in-clear"):
        bench.plan([thing("a", size=1, key="CANARY")])


def test_a_recorded_object_that_is_another_owners_now_is_left_alone(bench: Any, thing: Thing) -> None:
    bench.apply([thing("a", size=1)])
    (ref, live), *_ = bench.cloud.objects.items()
    bench.cloud.objects[ref] = replace(live, labels={**live.labels, "infractl-lineage": "theirs"})

    plan = bench.plan([])

    assert [c.action.value for c in plan.changes] == ["forget"]


def test_a_create_is_given_what_others_will_own_and_an_update_is_not(bench: Any, thing: Thing) -> None:
    asked: list[object] = []
    bench.cloud.before_begin["a"] = lambda step: asked.append(dict(step.desired.properties))

    for size in (1, 2):
        bench.apply([thing("a", size=size, replicas=3)])

    assert asked == [{"size": 1, "replicas": 3}, {"size": 2}]
    assert [dict(r.properties) for r in bench.state.resources] == [{"size": 2, "replicas": 3}]


@pytest.mark.parametrize("kind", ["thing", "first"])
def test_a_successor_begins_with_what_others_made_of_its_predecessor(bench: Any, thing: Thing, kind: str) -> None:
    bench.apply([thing("a", kind=kind, host="x", replicas=3)])
    ((ref, live),) = bench.cloud.objects.items()
    bench.cloud.objects[ref] = replace(live, properties={**live.properties, "replicas": 7})

    bench.apply([thing("a", kind=kind, host="y", replicas=3)])

    (made,) = bench.cloud.objects.values()
    assert (made.properties["host"], made.properties["replicas"]) == ("y", 7)


def test_an_object_that_is_busy_is_waited_for_longer_than_a_few_tries(
    bench: Any, thing: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infractl.applying.wait.random.uniform", lambda *_: 0.0)
    refusals = [BusyProviderError.of("busy", summary="there are other operations running")] * 20

    def refuse(_: Step) -> None:
        if refusals:
            raise refusals.pop()

    bench.cloud.before_begin["a"] = refuse

    assert bench.apply([thing("a", size=1)]).complete
    assert refusals == []


def test_an_object_that_stays_busy_is_given_up_in_the_end(bench: Any, thing: Thing) -> None:
    def refuse(_: Step) -> None:
        raise BusyProviderError.of("busy", summary="there are other operations running")

    bench.operation_s = 0.0
    bench.cloud.before_begin["a"] = refuse

    (result,) = bench.apply([thing("a", size=1)]).results

    assert (result.phase, result.detail) == (Phase.unknown, "there are other operations running; nothing is there")


def test_a_wish_to_stop_while_a_call_does_not_return_still_tells_of_each_step(bench: Any, thing: Thing) -> None:
    kinds, let_go = bench.connections["here"].kinds, threading.Event()
    brief = replace(kinds["thing"], schema=replace(kinds["thing"].schema, call_s=0.3))
    bench.connections = {"here": Connection(kinds={**kinds, "thing": brief})}

    def hang(_: Step) -> None:
        bench.stop.request()
        let_go.wait()

    bench.cloud.before_begin["b"] = hang
    try:
        applied = bench.apply([thing("a", size=1), thing("b", ["a"], size=1), thing("c", ["b"], size=1)])
    finally:
        let_go.set()

    assert phases(applied) == {"create a": Phase.done, "create b": Phase.unknown, "create c": Phase.not_started}
    assert [s.intent.address.name for s in bench.state.open_steps] == ["b"]
