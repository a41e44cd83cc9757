"""Which changes belong to some addresses: what they need comes along, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.plan import Change
from infractl.domain.resource import Recorded, Ref, Resource
from infractl.domain.value import Output
from infractl.planning.graph import order, steps
from infractl.planning.narrow import narrow


def address(name: str) -> Address:
    return Address(project="p", environment="e", service="s", kind="thing", name=name)


def record(name: str, needs: Sequence[str] = ()) -> Recorded:
    return Recorded(
        address=address(name),
        target="t",
        ref=Ref(kind="thing", id=name),
        properties={},
        outputs={},
        depends_on=tuple(map(address, needs)),
    )


def change(name: str, action: Action, needs: Sequence[str] = (), *, feeds_on: str = "", deposed: bool = False) -> Change:
    """`needs` are wanted and recorded dependencies; `feeds_on` names a resource of which an Output is wanted."""
    properties = {"peer": Output(address(feeds_on), "id")} if feeds_on else {}
    depends_on = tuple(map(address, (*needs, *([feeds_on] if feeds_on else []))))
    gone = action in (Action.delete, Action.forget)
    return Change(
        address=address(name),
        target="t",
        action=action,
        reasons=(),
        desired=None if gone else Resource(address=address(name), properties=properties, depends_on=depends_on),
        recorded=None if action is Action.create else record(name, [d.name for d in depends_on]),
        deposed=deposed,
    )


def kept(changes: Sequence[Change], *targets: str) -> list[str]:
    found, _ = narrow(changes, list(map(address, targets)))
    return sorted(c.address.name for c in found if c.action is not Action.no_op)


def left(changes: Sequence[Change], *targets: str) -> list[str]:
    return sorted(a.name for a in narrow(changes, list(map(address, targets)))[1])


def test_a_target_comes_with_what_it_depends_on_and_without_what_depends_on_it() -> None:
    changes = [change("a", Action.create), change("b", Action.create, ["a"]), change("c", Action.create, ["b"])]

    assert kept(changes, "b") == ["a", "b"]
    assert left(changes, "b") == ["c"]


def test_what_it_depends_on_is_found_beyond_what_does_not_change() -> None:
    changes = [change("a", Action.create), change("b", Action.no_op, ["a"]), change("c", Action.update, ["b"])]

    assert kept(changes, "c") == ["a", "c"]
    assert left(changes, "c") == []


def test_what_goes_takes_with_it_what_depended_on_it() -> None:
    changes = [change("a", Action.delete), change("b", Action.delete, ["a"]), change("c", Action.delete)]

    assert kept(changes, "a") == ["a", "b"]
    assert kept(changes, "b") == ["b"]


def test_what_goes_waits_for_those_that_are_turned_to_something_else() -> None:
    changes = [change("a", Action.delete), replace(change("b", Action.update), recorded=record("b", ["a"]))]

    assert kept(changes, "a") == ["a", "b"]


def test_what_is_made_anew_takes_with_it_what_must_turn_to_the_new_one() -> None:
    changes = [
        change("a", Action.replace),
        change("b", Action.update, feeds_on="a"),
        change("c", Action.update, ["a"]),
    ]

    assert kept(changes, "a") == ["a", "b"]
    assert left(changes, "a") == ["c"]


def test_what_was_deposed_goes_only_when_nothing_else_is_left_to_be_made() -> None:
    changes = [change("a", Action.update), change("a", Action.delete, deposed=True), change("b", Action.create)]

    assert kept(changes, "a") == ["a"]
    assert left(changes, "a") == ["a", "b"]
    assert kept([changes[0], changes[1]], "a") == ["a", "a"]


def test_what_does_not_change_is_never_left_out() -> None:
    changes = [change("a", Action.no_op), change("b", Action.no_op)]

    assert narrow(changes, [address("a")]) == (tuple(changes), ())


@given(st.data())
def test_no_step_is_kept_without_those_that_must_end_before_it(data: st.DataObject) -> None:
    changes = []
    for index in range(data.draw(st.integers(1, 7))):
        needs = data.draw(st.lists(st.integers(0, index - 1), unique=True, max_size=3)) if index else []
        changes.append(change(f"n{index}", data.draw(st.sampled_from(list(Action))), [f"n{n}" for n in needs]))
    targets = data.draw(st.lists(st.sampled_from([c.address for c in changes]), unique=True))

    found, left_out = narrow(changes, targets)

    addresses = {c.address for c in found}
    for node, earlier in order(steps(changes)).items():
        if node.address in addresses:
            assert {n.address for n in earlier} <= addresses
    assert addresses | set(left_out) == {c.address for c in changes}
    assert addresses.isdisjoint(left_out)
    assert set(targets) <= addresses
