"""What was replaced and is still there: nothing turns to it any more, or something still does, and it is never forgotten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infractl.domain.event import Phase
from infractl.domain.resource import Resource
from infractl.domain.step import Step
from infractl.domain.value import Output
from infractl.errors import ProviderError

Thing = Callable[..., Resource]


def refuse(_: Step) -> None:
    raise ProviderError.of("in-use", summary="it is in use")


def refuse_deletes(step: Step) -> None:
    if step.desired is None:
        refuse(step)


def hosts(bench: Any) -> list[Any]:
    return sorted(live.properties["host"] for live in bench.cloud.objects.values() if "host" in live.properties)


def test_an_old_object_stays_for_a_dependant_that_could_not_turn_to_the_new_one(bench: Any, thing: Thing) -> None:
    def wanted(host: str) -> list[Resource]:
        config = thing("config", kind="first", host=host)
        return [config, thing("endpoint", config=Output(config.address, "id"))]

    bench.apply(wanted("x"))
    bench.cloud.before_begin["endpoint"] = refuse

    results = {(r.action.value, r.address.name): r.phase for r in bench.apply(wanted("y")).results}

    assert results == {
        ("create", "config"): Phase.done,
        ("update", "endpoint"): Phase.failed,
        ("delete", "config"): Phase.not_started,
    }
    assert hosts(bench) == ["x", "y"]
    assert [dict(d.properties) for d in bench.state.deposed] == [{"host": "x"}]

    assert not bench.apply(wanted("y")).complete
    assert hosts(bench) == ["x", "y"], "the endpoint still turns to it"
    bench.cloud.before_begin.clear()
    assert bench.apply(wanted("y")).complete
    assert hosts(bench) == ["y"] and bench.state.deposed == ()


def test_two_old_objects_of_one_address_are_both_kept_and_both_go(bench: Any, thing: Thing) -> None:
    bench.apply([thing("config", kind="first", host="x")])
    bench.cloud.before_begin["config"] = refuse_deletes
    for host in ("y", "z"):
        bench.apply([thing("config", kind="first", host=host)])

    assert [dict(d.properties)["host"] for d in bench.state.deposed] == ["x", "y"]
    assert hosts(bench) == ["x", "y", "z"]

    bench.cloud.before_begin.clear()
    assert bench.apply([thing("config", kind="first", host="z")]).complete
    assert hosts(bench) == ["z"] and bench.state.deposed == ()


@pytest.mark.parametrize("end", ["apply", "destroy"])
def test_an_old_object_that_somebody_deleted_is_forgotten(bench: Any, thing: Thing, end: str) -> None:
    bench.apply([thing("config", kind="first", host="x")])
    bench.cloud.before_begin["config"] = refuse_deletes
    bench.apply([thing("config", kind="first", host="y")])
    bench.cloud.before_begin.clear()
    (old,) = (d.ref for d in bench.state.deposed)
    del bench.cloud.objects[old]

    assert bench.apply([thing("config", kind="first", host="y")] if end == "apply" else []).complete

    assert bench.state is None or bench.state.deposed == ()
    assert hosts(bench) == (["y"] if end == "apply" else [])


def test_two_old_objects_with_one_id_at_two_targets_both_go(bench: Any, thing: Thing) -> None:
    """Each target gives out its own ids."""
    wanted = [thing("config", kind="first", host="x")]
    bench.apply(wanted)
    state = bench.state
    (record,) = state.resources
    old = replace(record, ref=replace(record.ref, id="old"))
    for cloud in (bench.cloud, bench.elsewhere):
        cloud.objects[old.ref] = replace(bench.cloud.objects[record.ref], ref=old.ref)
    lease = bench.store.lock(bench.key, "a test")
    deposed = (old, replace(old, target="there"))
    changed = replace(state, serial=state.serial + 1, deposed=deposed)
    bench.store.write(bench.key, changed, expected_serial=state.serial, epoch=lease.epoch)
    lease.release()

    assert len(bench.apply(wanted).results) == 2

    assert list(bench.cloud.objects) == [record.ref] and bench.elsewhere.objects == {}
    assert bench.state.deposed == ()
