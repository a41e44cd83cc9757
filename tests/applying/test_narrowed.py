"""A plan that is confined to some addresses can be carried out, and leaves behind what a whole one goes on from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infractl.applying.apply import apply_service
from infractl.domain.applied import Applied
from infractl.domain.resource import Resource
from infractl.domain.value import Output
from infractl.planning.narrow import narrow

Thing = Callable[..., Resource]
Sketch = Sequence[tuple[str, str, int, int, bool]]
"""Of each resource its kind, its host, its size, how many places before it is what it depends on, and whether it takes its id."""

sketches = st.lists(
    st.tuples(st.sampled_from(["thing", "first"]), st.sampled_from("xy"), st.integers(0, 1), st.integers(0, 3), st.booleans()),
    min_size=1,
    max_size=5,
)


def built(sketch: Sketch, thing: Thing) -> list[Resource]:
    resources: list[Resource] = []
    for index, (kind, host, size, back, feeds) in enumerate(sketch):
        needed = resources[index - back] if 0 < back <= index else None
        made = thing(f"n{index}", kind=kind, host=host, size=size)
        if needed is not None and feeds:
            made = replace(made, properties={**made.properties, "peer": Output(needed.address, "id")})
        elif needed is not None:
            made = replace(made, depends_on=(needed.address,))
        resources.append(made)
    return resources


def apply_part(bench: Any, wanted: Sequence[Resource], draw: Callable[[Any], Any]) -> Applied:
    plan = bench.plan(wanted)
    targets = draw(st.lists(st.sampled_from([c.address for c in plan.changes]), unique=True)) if plan.changes else []
    changes, left_out = narrow(plan.changes, targets)
    lease = bench.store.lock(bench.key, "a test")
    try:
        part = replace(plan, changes=changes, left_out=left_out, partial=bool(left_out))
        applied: Applied = apply_service(part, bench.state, bench.run(lease.epoch))
        return applied
    finally:
        lease.release()


def dangling(bench: Any) -> list[Any]:
    """What lives and refers to something that does not."""
    there = {ref.id for ref in bench.cloud.objects}
    return [live for live in bench.cloud.objects.values() if live.properties.get("peer", live.ref.id) not in there]


@given(before=sketches, after=sketches, data=st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_part_of_a_plan_can_be_applied_and_the_whole_goes_on_from_there(
    bench: Any, thing: Thing, before: Sketch, after: Sketch, data: st.DataObject
) -> None:
    bench.apply([])
    bench.apply(built(before, thing))
    wanted = built(after, thing)

    part = apply_part(bench, wanted, data.draw)

    assert all(r.phase.value == "done" for r in part.results), part.results
    assert dangling(bench) == []
    assert bench.apply(wanted).complete
    assert bench.plan(wanted).changed == ()
    assert bench.cloud.names() == sorted(r.address.name for r in wanted)


@given(before=sketches, data=st.data())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_part_of_what_runs_can_be_destroyed_and_then_the_rest(
    bench: Any, thing: Thing, before: Sketch, data: st.DataObject
) -> None:
    bench.apply([])
    bench.apply(built(before, thing))

    part = apply_part(bench, [], data.draw)

    assert all(r.phase.value == "done" for r in part.results), part.results
    assert dangling(bench) == []
    bench.apply([])
    assert bench.state is None and bench.cloud.objects == {}
