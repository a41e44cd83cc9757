"""What becomes of an address, for every combination of wanted, recorded and live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.plan import Cause, Change
from infractl.domain.resource import Live, Recorded, Ref, Resource
from infractl.domain.value import Output, Redacted, SecretRef
from infractl.planning.diff import Desired, KindView, diff
from infractl.planning.graph import order, ordered, steps
from infractl.provider.schema import Attribute, Replacement, Schema

SCHEMA = Schema(
    {
        "host": Attribute(replaces=True),
        "url": Attribute(computed=True),
        "key": Attribute(sensitive=True),
        "tags": Attribute(unordered_by=""),
        "rules": Attribute(unordered_by="name"),
        "seen": Attribute(ignored=True),
    }
)


LABELS = {"infractl-name": "main"}


def address(name: str = "main", kind: str = "thing") -> Address:
    return Address(project="p", environment="e", service="s", kind=kind, name=name)


def wanted(properties: Mapping[str, Any], name: str = "main", target: str = "here") -> Desired:
    return Desired(resource=Resource(address=address(name), properties=properties), target=target)


def record(properties: Mapping[str, Any], name: str = "main", target: str = "here") -> Recorded:
    return Recorded(
        address=address(name),
        target=target,
        ref=Ref(kind="thing", id=name),
        properties=properties,
        outputs={},
        depends_on=(),
    )


def alive(properties: Mapping[str, Any], name: str = "main") -> Live:
    return Live(ref=Ref(kind="thing", id=name), properties=properties, labels=LABELS)


def run(desired: list[Desired], recorded: list[Recorded], live: list[Live], schema: Schema = SCHEMA) -> tuple[Change, ...]:
    def managed(_: Resource, found: Live) -> Mapping[str, Any]:
        return {name: value for name, value in found.properties.items() if not schema.of(name).computed}

    views = {(target, "thing"): KindView(schema=schema, managed=managed) for target in ("here", "there")}
    return diff(desired, recorded, {address(found.ref.id): found for found in live}, views)


def only(changes: tuple[Change, ...]) -> Change:
    assert len(changes) == 1
    return changes[0]


@pytest.mark.parametrize(
    ("desired", "recorded", "live", "action", "reason"),
    [
        ({"size": 1}, None, None, Action.create, "new"),
        ({"size": 1}, {"size": 1}, None, Action.create, "it was deleted outside infractl"),
        ({"size": 1}, None, {"size": 1}, Action.adopt, "adopted"),
        ({"size": 1}, None, {"size": 2}, Action.update, "adopted"),
        ({"size": 1}, {"size": 1}, {"size": 1}, Action.no_op, ""),
        ({"size": 2}, {"size": 1}, {"size": 1}, Action.update, "the configuration changed: size"),
        ({"size": 1}, {"size": 1}, {"size": 2}, Action.update, "it was changed outside infractl: size"),
        ({"size": 2}, {"size": 1}, {"size": 2}, Action.adopt, "it is as declared already, and is recorded otherwise"),
        ({"size": 3}, {"size": 1}, {"size": 2}, Action.update, "the configuration changed: size"),
        ({"host": "b"}, {"host": "a"}, {"host": "a"}, Action.replace, "the configuration changed: host"),
        (None, {"size": 1}, {"size": 1}, Action.delete, "it is not wanted any more"),
        (None, {"size": 1}, None, Action.forget, "it is gone already"),
    ],
)
def test_each_combination_has_its_action_and_its_reason(
    desired: dict[str, Any] | None,
    recorded: dict[str, Any] | None,
    live: dict[str, Any] | None,
    action: Action,
    reason: str,
) -> None:
    change = only(
        run(
            [wanted(desired)] if desired else [],
            [record(recorded)] if recorded else [],
            [alive(live)] if live else [],
        )
    )

    assert change.action is action
    assert reason in "; ".join(change.reasons)


def test_what_is_neither_wanted_nor_recorded_is_left_alone() -> None:
    assert run([], [], [alive({"size": 1})]) == ()


def test_computed_and_ignored_attributes_are_never_a_difference() -> None:
    live = alive({"size": 1, "url": "http://x", "seen": 7})

    change = only(run([wanted({"size": 1, "url": "other", "seen": 1})], [record({"size": 1})], [live]))

    assert change.action is Action.no_op


def test_a_nested_difference_names_its_path_and_nothing_beside_it() -> None:
    config = {"limits": {"cpu": 1, "memory": 2}, "args": ["a", "b"]}
    now = {"limits": {"cpu": 1, "memory": 4}, "args": ["a", "c"]}

    change = only(run([wanted(now)], [record(config)], [alive(config)]))

    assert [(a.path, a.before, a.after) for a in change.attributes] == [
        ("args[1]", "b", "c"),
        ("limits.memory", 2, 4),
    ]


def test_the_order_of_an_unordered_list_is_no_difference_and_a_member_of_it_is() -> None:
    before = {"tags": ["a", "b"], "rules": [{"name": "x", "port": 1}, {"name": "y", "port": 2}]}
    shuffled = {"tags": ["b", "a"], "rules": [{"name": "y", "port": 2}, {"name": "x", "port": 1}]}
    changed = {"tags": ["b", "a"], "rules": [{"name": "y", "port": 3}, {"name": "x", "port": 1}]}

    assert only(run([wanted(shuffled)], [record(before)], [alive(before)])).action is Action.no_op
    attributes = only(run([wanted(changed)], [record(before)], [alive(before)])).attributes
    assert [a.path for a in attributes] == ["rules.y.port"]


def test_true_is_not_one() -> None:
    change = only(run([wanted({"on": True})], [record({"on": 1})], [alive({"on": 1})]))

    assert change.action is Action.update


def test_a_sensitive_value_is_in_no_change() -> None:
    old, new = SecretRef("env", "KEY", "1"), SecretRef("env", "KEY", "2")

    change = only(run([wanted({"key": new})], [record({"key": old})], [alive({"key": Redacted()})]))

    assert [(a.before, a.after, a.cause) for a in change.attributes] == [(Redacted(), Redacted(), Cause.config)]


def test_equal_members_of_an_unordered_list_are_counted() -> None:
    change = only(run([wanted({"tags": ["a"]})], [record({"tags": ["a", "a"]})], [alive({"tags": ["a", "a"]})]))

    assert change.action is Action.update


def test_what_was_added_or_removed_says_so() -> None:
    change = only(run([wanted({"b": 1})], [record({"a": 1})], [alive({"a": 1})]))

    assert [(a.path, a.added, a.removed) for a in change.attributes] == [("a", False, True), ("b", True, False)]


def test_a_reference_to_what_stays_is_compared_by_value() -> None:
    desired = [wanted({"size": 1}, "first"), wanted({"peer": Output(address("first"), "url")}, "second")]
    recorded = [record({"size": 1}, "first"), record({"peer": "http://1"}, "second")]

    unmoved = run(desired, recorded, [alive({"size": 1, "url": "http://1"}, "first"), alive({"peer": "http://1"}, "second")])
    moved = run(desired, recorded, [alive({"size": 1, "url": "http://2"}, "first"), alive({"peer": "http://1"}, "second")])

    assert [c.action for c in unmoved] == [Action.no_op, Action.no_op]
    assert [c.action for c in moved] == [Action.no_op, Action.update]


def test_a_reference_to_what_is_made_anew_is_known_after_apply() -> None:
    desired = [wanted({"host": "b"}, "first"), wanted({"peer": Output(address("first"), "url")}, "second")]
    recorded = [record({"host": "a"}, "first"), record({"peer": "http://1"}, "second")]
    live = [alive({"host": "a", "url": "http://1"}, "first"), alive({"peer": "http://1"}, "second")]

    first, second = run(desired, recorded, live)

    assert first.action is Action.replace
    assert second.action is Action.update
    assert second.attributes[0].cause is Cause.replaced
    assert isinstance(second.attributes[0].after, Output)


def test_a_kind_that_is_replaced_by_creating_first_says_so() -> None:
    schema = Schema({"host": Attribute(replaces=True)}, replacement=Replacement.create_first)

    change = only(run([wanted({"host": "b"})], [record({"host": "a"})], [alive({"host": "a"})], schema))

    assert change.action is Action.replace and change.create_first


def test_another_target_makes_the_new_object_before_the_old_one_goes() -> None:
    change = only(run([wanted({"size": 1}, target="there")], [record({"size": 1})], [alive({"size": 1})]))

    assert (change.action, change.target, change.create_first) == (Action.replace, "there", True)


json = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
properties = st.dictionaries(st.sampled_from(["size", "host", "nested", "args"]), json, max_size=4)
world = st.dictionaries(st.sampled_from("abcd"), properties, max_size=4)


@given(desired=world, recorded=world, live=world)
def test_carrying_out_a_diff_leaves_nothing_to_do(
    desired: dict[str, Any], recorded: dict[str, Any], live: dict[str, Any]
) -> None:
    def changes(records: dict[str, Any], lives: dict[str, Any]) -> tuple[Change, ...]:
        return run(
            [wanted(p, n) for n, p in desired.items()],
            [record(p, n) for n, p in records.items()],
            [alive(p, n) for n, p in lives.items()],
        )

    for change in changes(recorded, live):
        name = change.address.name
        if change.action in (Action.delete, Action.forget):
            live.pop(name, None)
            recorded.pop(name)
        else:
            live[name] = recorded[name] = desired[name]

    assert {c.action for c in changes(recorded, live)} <= {Action.no_op}


@given(desired=world, recorded=world, live=world)
def test_a_diff_calls_nobody_exactly_where_what_lives_is_what_is_wanted(
    desired: dict[str, Any], recorded: dict[str, Any], live: dict[str, Any]
) -> None:
    for change in run(
        [wanted(p, n) for n, p in desired.items()],
        [record(p, n) for n, p in recorded.items()],
        [alive(p, n) for n, p in live.items()],
    ):
        name = change.address.name
        same = name in desired and name in live and repr_of(desired[name]) == repr_of(live[name])
        assert (change.action in (Action.no_op, Action.adopt)) == same


@given(desired=world, recorded=world, live=world, data=st.data())
def test_a_diff_changes_nothing_that_it_is_given_and_the_order_of_things_is_nothing_to_it(
    desired: dict[str, Any], recorded: dict[str, Any], live: dict[str, Any], data: st.DataObject
) -> None:
    names = sorted(desired)
    linked = {n: {**desired[n], "peer": Output(address(o), "url")} for n, o in zip(names[1:], names, strict=False)}
    given = (
        [wanted(p, n) for n, p in {**desired, **linked}.items()],
        [record(p, n) for n, p in recorded.items()],
        [alive({**p, "url": n, "seen": 1}, n) for n, p in live.items()],
    )
    before = repr(given)

    changes = run(*given)

    assert repr(given) == before
    assert run(*given) == changes
    shuffled = [[backwards(one) for one in data.draw(st.permutations(side))] for side in given]
    assert run(*shuffled) == changes


def backwards(one: Any) -> Any:
    """The same with its properties in another order."""
    if isinstance(one, Desired):
        return replace(one, resource=backwards(one.resource))
    return replace(one, properties=dict(reversed(one.properties.items())))


def repr_of(value: Any) -> str:
    """Text in which 1 and True differ and the order of keys does not matter."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{k}:{repr_of(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(repr_of, value)) + "]"
    return repr(value)


def test_a_replacement_deletes_first_where_what_it_needs_does() -> None:
    """Else the old one could neither go before the new one is made, nor stay when what it uses is gone."""
    first = Schema({"host": Attribute(replaces=True)}, replacement=Replacement.create_first)
    delete = Schema({"host": Attribute(replaces=True)})
    below, above = address("a", "below"), address("b", "above")
    desired = [
        Desired(resource=Resource(address=below, properties={"host": "y"}), target="here"),
        Desired(resource=Resource(address=above, properties={"host": "y"}, depends_on=(below,)), target="here"),
    ]
    recorded = [
        Recorded(address=a, target="here", ref=Ref(kind="x", id=a.name), properties={"host": "x"}, outputs={}, depends_on=needs)
        for a, needs in ((below, ()), (above, (below,)))
    ]
    live = {r.address: Live(ref=r.ref, properties=r.properties, labels=LABELS) for r in recorded}
    views = {
        ("here", kind): KindView(schema=schema, managed=lambda _, found: found.properties)
        for kind, schema in (("below", delete), ("above", first))
    }

    changes = diff(desired, recorded, live, views)

    assert [(c.action, c.create_first) for c in changes] == [(Action.replace, False), (Action.replace, False)]
    assert len(ordered(order(steps(changes)))) == 4
