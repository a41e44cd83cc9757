"""The order of steps, held against what each step needs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.plan import Change
from infractl.domain.resource import Live, Recorded, Ref, Resource
from infractl.domain.value import Output
from infractl.errors import ProviderError
from infractl.planning.graph import Node, order, ordered, sorted_resources, steps


def address(index: int) -> Address:
    return Address(project="p", environment="e", service="s", kind="thing", name=f"n{index}")


def change(index: int, action: Action, needs: list[int], needed: list[int], create_first: bool = False) -> Change:
    """`needs` are the dependencies that are wanted, `needed` those that are recorded."""
    gone = action in (Action.delete, Action.forget)
    desired = None if gone else Resource(address=address(index), properties={}, depends_on=tuple(map(address, needs)))
    recorded = None
    if action is not Action.create:
        recorded = Recorded(
            address=address(index),
            target="t",
            ref=Ref(kind="thing", id=str(index)),
            properties={},
            outputs={},
            depends_on=tuple(map(address, needed)),
        )
    return Change(
        address=address(index),
        target="t",
        action=action,
        reasons=(),
        desired=desired,
        recorded=recorded,
        create_first=create_first,
    )


@st.composite
def plans(draw: st.DrawFn) -> list[Change]:
    """Resources that depend only on earlier ones, each with any action."""
    changes = []
    for index in range(draw(st.integers(1, 7))):
        earlier = st.lists(st.integers(0, index - 1), unique=True, max_size=3) if index else st.just([])
        action = draw(st.sampled_from(list(Action)))
        changes.append(change(index, action, draw(earlier), draw(earlier), draw(st.booleans())))
    wanted = {c.address for c in changes if c.desired}
    deletes_first: set[Address] = set()
    for c in changes:
        needs = {*(c.desired.depends_on if c.desired else ()), *(c.recorded.depends_on if c.recorded else ())}
        if c.action is Action.replace and (not c.create_first or needs & deletes_first):
            deletes_first.add(c.address)
    # What is wanted depends on wanted things only.
    return [
        change(
            i,
            c.action,
            [j for j in range(i) if c.desired and address(j) in c.desired.depends_on and address(j) in wanted],
            [j for j in range(i) if c.recorded and address(j) in c.recorded.depends_on],
            c.create_first and c.address not in deletes_first,
        )
        for i, c in enumerate(changes)
    ]


@given(plans())
def test_every_step_comes_after_what_it_needs(changes: list[Change]) -> None:
    found = [(n.address, n.verb) for n in ordered(order(steps(changes)))]
    made = {a: i for i, (a, verb) in enumerate(found) if verb in ("create", "update")}
    gone = {a: i for i, (a, verb) in enumerate(found) if verb in ("delete", "forget")}
    deletes_first = any(c.action is Action.replace and not c.create_first for c in changes)

    for c in changes:
        if c.action is Action.replace:
            first, second = (made, gone) if c.create_first else (gone, made)
            assert first[c.address] < second[c.address]
        for needed in c.desired.depends_on if c.desired else ():
            if c.address in made and needed in made:
                assert made[needed] < made[c.address], "made before its dependency"
        for needed in c.recorded.depends_on if c.recorded else ():
            if needed in gone and c.address in gone:
                assert gone[c.address] < gone[needed], "deleted before its dependant"
            if needed in gone and c.address in made and c.address not in gone and not deletes_first:
                assert made[c.address] < gone[needed], "deleted while its dependant still used it"


@given(plans())
def test_every_action_becomes_its_steps_and_no_other(changes: list[Change]) -> None:
    nodes = set(steps(changes))

    expected = set()
    for c in changes:
        verbs = {Action.no_op: [], Action.replace: ["create", "delete"]}.get(c.action, [c.action.value])
        expected |= {Node(c.address, verb) for verb in verbs}
    assert nodes == expected


def test_an_output_is_a_dependency() -> None:
    first = Resource(address=address(2), properties={})
    second = Resource(address=address(1), properties={"deep": [{"peer": Output(address(2), "url")}]})

    assert sorted_resources([second, first]) == (first, second)


def test_a_circle_is_refused_and_named() -> None:
    first = Resource(address=address(1), properties={}, depends_on=(address(2),))
    second = Resource(address=address(2), properties={}, depends_on=(address(1),))

    with pytest.raises(ProviderError, match=r"s\.thing\.n1 -> .*s\.thing\.n2"):
        sorted_resources([first, second])


def found_order(changes: list[Change]) -> list[str]:
    return [f"{n.verb} {n.address.name} {n.deposed}".rstrip() for n in ordered(order(steps(changes)))]


def test_what_goes_is_deleted_before_what_it_used_is_changed() -> None:
    autoscaled, autoscaler = change(1, Action.update, [], []), change(2, Action.delete, [], [1])
    made_anew = change(3, Action.replace, [1], [1])

    assert found_order([autoscaled, autoscaler, made_anew]) == ["delete n2", "delete n3", "update n1", "create n3"]


def test_what_is_changed_waits_for_no_deletion_that_waits_for_it() -> None:
    changes = [
        change(1, Action.update, [], []),
        change(2, Action.delete, [], [1]),
        change(3, Action.update, [1], [1, 2]),
    ]

    assert found_order(changes) == ["update n1", "update n3", "delete n2"]


def test_a_destroy_deletes_what_was_deposed_after_what_used_it_and_before_what_it_used() -> None:
    model, config, endpoint = (
        change(1, Action.delete, [], []),
        change(2, Action.delete, [], [1]),
        change(3, Action.delete, [], [2]),
    )
    old_config = replace(config, deposed=True)
    old_model = replace(model, deposed=True)

    assert found_order([model, config, endpoint, old_config, old_model]) == [
        "delete n3",
        "delete n2",
        "delete n2 t/2",
        "delete n1",
        "delete n1 t/1",
    ]


def test_what_lives_and_is_recorded_nowhere_turns_away_before_anything_that_it_may_use_goes() -> None:
    adopted = change(3, Action.update, [2], [])
    adopted = replace(adopted, recorded=None, live=Live(ref=Ref(kind="thing", id="3"), properties={}, labels={}))

    assert found_order([change(1, Action.delete, [], []), change(2, Action.create, [], []), adopted]) == [
        "create n2",
        "update n3",
        "delete n1",
    ]
