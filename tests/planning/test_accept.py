"""What a refresh alone makes of each record, and what `--replace` makes of each change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.plan import Change
from infractl.domain.resource import Live, Recorded, Ref, Resource
from infractl.domain.value import Output, Redacted, SecretRef
from infractl.planning.accept import accept
from infractl.planning.diff import Desired, KindView, diff
from infractl.provider.schema import Attribute, Replacement, Schema

SCHEMA = Schema(
    {
        "host": Attribute(replaces=True),
        "url": Attribute(computed=True),
        "key": Attribute(sensitive=True),
        "tags": Attribute(unordered_by=""),
        "replicas": Attribute(ignored=True),
    }
)


def address(name: str = "main") -> Address:
    return Address(project="p", environment="e", service="s", kind="thing", name=name)


def record(properties: Mapping[str, Any], name: str = "main") -> Recorded:
    needs = (address("other"),)
    ref = Ref(kind="thing", id=name)
    return Recorded(address=address(name), target="here", ref=ref, properties=properties, outputs={}, depends_on=needs)


def alive(properties: Mapping[str, Any], name: str = "main") -> Live:
    return Live(ref=Ref(kind="thing", id=name), properties=properties, labels={"infractl-name": name})


def views(schema: Schema = SCHEMA) -> dict[tuple[str, str], KindView]:
    def managed(_: Resource, live: Live) -> Mapping[str, Any]:
        return {n: v for n, v in live.properties.items() if not schema.of(n).computed}

    return {("here", "thing"): KindView(schema=schema, managed=managed)}


def taken(recorded: Mapping[str, Any], live: Mapping[str, Any] | None, *, foreign: bool = False) -> Change:
    there = {} if live is None else {address(): alive(live)}
    (change,) = accept([record(recorded)], there, [address()] if foreign else [], views())
    return change


def test_what_lives_as_recorded_is_left_whatever_the_provider_computes() -> None:
    change = taken({"size": 1, "tags": ["a", "b"]}, {"size": 1, "tags": ["b", "a"], "url": "new"})

    assert (change.action, change.attributes) == (Action.no_op, ())


def test_each_difference_leads_from_the_record_to_what_lives_and_nothing_forces_a_replacement() -> None:
    change = taken({"size": 1, "host": "x", "replicas": 1, "old": True}, {"size": 2, "host": "y", "replicas": 3, "new": True})

    assert change.action is Action.adopt
    told = {a.path: (a.before, a.after, a.added, a.removed, a.replaces) for a in change.attributes}
    assert told == {
        "host": ("x", "y", False, False, False),
        "new": (None, True, True, False, False),
        "old": (True, None, False, True, False),
        "replicas": (1, 3, False, False, False),
        "size": (1, 2, False, False, False),
    }
    assert change.desired is not None and change.desired.depends_on == (address("other"),)
    assert change.desired.properties == {"size": 2, "host": "y", "replicas": 3, "new": True}


def test_a_secret_stays_the_reference_by_which_it_was_applied() -> None:
    reference = SecretRef("env", "KEY")

    change = taken({"size": 1, "key": reference}, {"size": 2, "key": Redacted()})

    assert [a.path for a in change.attributes] == ["size"]
    assert change.desired is not None and change.desired.properties == {"size": 2, "key": reference}


@pytest.mark.parametrize(("foreign", "reason"), [(False, "it was deleted outside infractl"), (True, "it is another owner's now")])
def test_what_is_gone_or_another_owners_is_forgotten(foreign: bool, reason: str) -> None:
    change = taken({"size": 1}, None, foreign=foreign)

    assert (change.action, change.reasons) == (Action.forget, (reason,))


def replaced(
    recorded: Mapping[str, Any] | None, live: Mapping[str, Any] | None, schema: Schema = SCHEMA, wanted: int = 1
) -> dict[str, Change]:
    """Of a thing whose replacement is asked for, and of one that takes its id."""
    main = Resource(address=address(), properties={"size": wanted})
    user = Resource(address=address("user"), properties={"peer": Output(address(), "id")})
    changes = diff(
        [Desired(resource=r, target="here") for r in (main, user)],
        [*([record(recorded)] if recorded else []), record({"peer": "old"}, "user")],
        {**({address(): alive({**live, "id": "old"})} if live else {}), address("user"): alive({"peer": "old"}, "user")},
        views(Schema({**schema.attributes, "id": Attribute(computed=True)}, schema.replacement)),
        anew=[address()],
    )
    return {c.address.name: c for c in changes}


def test_what_does_not_differ_is_made_anew_and_what_takes_its_id_turns_to_the_new_one() -> None:
    changes = replaced({"size": 1}, {"size": 1})

    assert (changes["main"].action, changes["main"].reasons) == (Action.replace, ("asked for",))
    assert changes["user"].action is Action.update
    assert changes["user"].reasons == ("what it refers to is made anew: peer",)


def test_it_is_made_anew_in_the_order_of_its_kind_with_all_its_reasons() -> None:
    first = Schema(SCHEMA.attributes, Replacement.create_first)

    changes = replaced({"size": 1}, {"size": 1}, first, wanted=2)

    assert changes["main"].create_first
    assert changes["main"].reasons == ("asked for", "the configuration changed: size")


def test_what_is_not_there_or_not_recorded_is_made_or_adopted_as_ever() -> None:
    assert replaced({"size": 1}, None)["main"].action is Action.create
    assert replaced(None, {"size": 1})["main"].action is Action.adopt
