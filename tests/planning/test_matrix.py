"""Every combination of what is wanted, recorded and live: the action, the reasons and the attributes that it must give.

A case is a folder with `desired.yaml`, `recorded.yaml` and `live.yaml` (one that is missing is nothing) and, if need be,
`deposed.yaml`; `expected.yaml` is written by hand. A kind is named after the sort of its one attribute `value`. Keys that begin
with `$` are no properties: the target (`$target`, else `here`), the id (`$id`, else the address), whose labels a live object
carries (`$owner`, else the service's), and what a recorded object needed (`$needs`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from infractl.applying.connection import Connection
from infractl.clock import SystemClock
from infractl.domain.address import Address, Owner
from infractl.domain.plan import Change
from infractl.domain.resource import Live, Recorded, Ref, Resource
from infractl.domain.service_state import ServiceState
from infractl.domain.value import Output, Properties, Redacted, SecretRef
from infractl.provider.schema import Attribute, Replacement, Schema
from infractl.state.local import LocalStateStore
from infractl.testing.engine import KEY, Engine

CASES = Path(__file__).parents[1] / "cases" / "planning" / "matrix"
ORDERS = {"create-first": Replacement.create_first}
SORTS = {
    "ordinary": Attribute(),
    "delete-first": Attribute(replaces=True),
    "create-first": Attribute(replaces=True),
    "computed": Attribute(computed=True),
    "ignored": Attribute(ignored=True),
    "unordered": Attribute(unordered_by=""),
    "keyed": Attribute(unordered_by="name"),
    "sensitive": Attribute(sensitive=True),
}
SCHEMAS = {
    sort: Schema({"value": attribute, "arn": Attribute(computed=True)}, ORDERS.get(sort, Replacement.delete_first))
    for sort, attribute in SORTS.items()
}
LINEAGE = "line-1"
ANOTHER = Owner(key=replace(KEY, service="another"), lineage="line-2")


@dataclass(frozen=True)
class Shelf:
    """A kind whose objects are what the case says. Nothing is ever changed."""

    name: str
    lives: Sequence[Live]

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        return {live.ref: live for live in self.lives if live.ref in refs}

    def find(self, owner: Owner) -> Sequence[Live]:
        return [live for live in self.lives if live.ref.kind == self.name and owner.owns(live.labels)]

    def managed(self, desired: Resource, live: Live) -> Properties:
        return live.properties


@dataclass(frozen=True)
class Case:
    """A folder's content. The sides are lists of (name, properties with the `$` keys)."""

    name: str
    desired: Sequence[tuple[str, dict[str, Any]]]
    recorded: Sequence[tuple[str, dict[str, Any]]]
    live: Sequence[tuple[str, dict[str, Any]]]
    deposed: Sequence[tuple[str, dict[str, Any]]]
    expected: Sequence[Mapping[str, Any]]

    @classmethod
    def read(cls, folder: Path) -> Case:
        sides = {side: list(_objects(folder / f"{side}.yaml")) for side in ("desired", "recorded", "live", "deposed")}
        return cls(name=folder.name, expected=yaml.safe_load((folder / "expected.yaml").read_text()), **sides)


def _objects(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, given in (yaml.safe_load(path.read_text()) if path.exists() else {}).items():
        yield from ((name, properties) for properties in (given if isinstance(given, list) else [given]))


def address(name: str) -> Address:
    kind, _, own = name.partition(".")
    return Address(project=KEY.project, environment=KEY.environment, service=KEY.service, kind=kind, name=own)


def value(given: Any) -> Any:
    match given:
        case {"$secret": name}:
            return SecretRef("env", name)
        case {"$output": text}:
            name, _, attribute = text.rpartition(".")
            return Output(address(name), attribute)
        case {"$redacted": True}:
            return Redacted()
        case dict():
            return {k: value(v) for k, v in given.items()}
        case list():
            return [value(v) for v in given]
        case _:
            return given


def properties_of(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value(v) for name, v in given.items() if not name.startswith("$")}


def ref_of(name: str, given: Mapping[str, Any]) -> Ref:
    return Ref(kind=address(name).kind, id=given.get("$id", name))


def needs_of(given: Mapping[str, Any]) -> tuple[Address, ...]:
    return tuple(address(name) for name in given.get("$needs", ()))


def target_of(given: Mapping[str, Any]) -> str:
    return str(given.get("$target", "here"))


def records(given: Sequence[tuple[str, dict[str, Any]]]) -> tuple[Recorded, ...]:
    return tuple(
        Recorded(
            address=address(name),
            target=target_of(properties),
            ref=ref_of(name, properties),
            properties=properties_of(properties),
            outputs={},
            depends_on=needs_of(properties),
        )
        for name, properties in given
    )


def lives(case: Case, target: str) -> list[Live]:
    owners = {"another": ANOTHER, "service": Owner(key=KEY, lineage=LINEAGE)}
    return [
        Live(
            ref=ref_of(name, properties),
            properties=properties_of(properties),
            labels={} if (owner := properties.get("$owner", "service")) == "nobody" else owners[owner].labels(address(name)),
        )
        for name, properties in case.live
        if target_of(properties) == target
    ]


@dataclass(kw_only=True)
class Knowing(Engine):
    """The engine with the state in its hand: nothing here is about stores."""

    known: ServiceState

    @property
    def state(self) -> ServiceState:
        return self.known


def planned(case: Case) -> list[dict[str, Any]]:
    """What the engine plans with the case's records and the case's objects behind its two targets."""
    connections = {
        target: Connection.of({kind: Shelf(kind, lives(case, target)) for kind in SCHEMAS}, SCHEMAS)
        for target in ("here", "there")
    }
    targets = {target_of(properties) for _, properties in case.desired} or {"here"}
    engine = Knowing(
        store=LocalStateStore(Path("no-such-folder"), SystemClock()),
        known=state(case),
        connections=connections,
        target=targets.pop(),
        lineage=LINEAGE,
    )
    wanted = [Resource(address=address(n), properties=properties_of(p), depends_on=needs_of(p)) for n, p in case.desired]
    return [told(change) for change in engine.plan(wanted).changes]


def state(case: Case) -> ServiceState:
    return ServiceState(
        key=KEY,
        lineage=LINEAGE,
        serial=1,
        target="here",
        spec_digest="",
        deployment=None,
        resources=records(case.recorded),
        outputs={},
        changed_at=datetime(2026, 1, 1, tzinfo=UTC),
        changed_by="a test",
        deposed=records(case.deposed),
    )


def told(change: Change) -> dict[str, Any]:
    """A change as `expected.yaml` tells it: what is not said is not so."""
    marks = {(True, False): "added", (False, True): "removed", (False, False): "changed"}
    found: dict[str, Any] = {
        "address": f"{change.address.kind}.{change.address.name}",
        "action": change.action.value,
        "reasons": list(change.reasons),
    }
    if change.action.value == "replace":
        found["first"] = "create" if change.create_first else "delete"
    if change.deposed:
        found["deposed"] = True
    if change.target != "here":
        found["target"] = change.target
    if change.attributes:
        found["attributes"] = {a.path: f"{marks[a.added, a.removed]} by {a.cause}" for a in change.attributes}
    return {name: v for name, v in found.items() if v != []}


FOLDERS = sorted(CASES.iterdir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_combination_has_the_action_and_the_reasons_that_its_case_says(folder: Path) -> None:
    case = Case.read(folder)

    assert planned(case) == case.expected


def canonical(sides: str) -> str:
    """Which of the wanted, the recorded and the live one are equal, in letters by their order: what drifted is `aab`.

    `-` is no object; `0` one without the attribute, told from the others only where wanted and live are compared.
    """
    if not is_compared(sides) or not set(sides) & set("abc*"):
        sides = sides.replace("0", "d")
    letters = "".join(dict.fromkeys(c for c in sides if c in "abcd"))
    return "".join("abcd"[letters.index(c)] if c in letters else c for c in sides)


def is_compared(sides: str) -> bool:
    return sides[0] != "-" and sides[2] not in "-fn"


def signatures(wanted: str, recorded: str, live: str) -> set[str]:
    return {canonical("".join(sides)) for sides in product(wanted, recorded, live)}


COMPARED = {s for s in signatures("-abc", "-abc", "-abc") if is_compared(s)}
ANYWHERE = signatures("-0abc", "-0abc", "-0abc")
SECRETS = signatures("0ab", "-0ab", "0*")
NOT_OURS = signatures("-a", "-a", "fn")
BELOW = [("ordinary", "aaa"), ("ordinary", "abb"), ("ordinary", "aa-"), ("delete-first", "abb"), ("create-first", "abb")]


def class_of(case: Case) -> tuple[str, ...]:
    """What the case is one of: the sort of `main` and which of its sides are equal, before them those of what it refers to."""
    sides = (case.desired, case.recorded, case.live)
    names = sorted({name for side in sides for name, _ in side}, key=lambda name: address(name).name) or ["ordinary.main"]
    if case.deposed or any("$target" in p for side in sides for _, p in side) or any(len(s) > len(names) for s in sides):
        return ()
    return tuple(word for name in names for word in (address(name).kind, _sides(name, sides)))


def _sides(name: str, sides: Sequence[Sequence[tuple[str, dict[str, Any]]]]) -> str:
    letters: list[str] = []
    return canonical("".join(_side(dict(side).get(name), letters) for side in sides))


def _side(given: Mapping[str, Any] | None, letters: list[str]) -> str:
    if given is None or "value" not in given:
        return "-" if given is None else "0"
    if "$owner" in given:
        return "f" if given["$owner"] == "another" else "n"
    found = given["value"]
    if found == {"$redacted": True}:
        return "*"
    word = repr(sorted(found, key=repr) if isinstance(found, list) else found)
    letters += [] if word in letters else [word]
    return "abc"[letters.index(word)]


def test_no_combination_is_without_a_case() -> None:
    found = {class_of(Case.read(folder)) for folder in FOLDERS}
    all_of_one = {("ordinary", s) for s in ANYWHERE | NOT_OURS}
    all_compared = {(sort, s) for sort in SORTS if sort != "sensitive" for s in COMPARED}
    all_secrets = {("sensitive", s) for s in SECRETS}
    referring = {(*below, sort, "abb") for sort in ("ordinary", "delete-first", "create-first") for below in BELOW}

    assert len(all_of_one) == 34 and len(all_compared) == 49 and len(all_secrets) == 14
    assert sorted((all_of_one | all_compared | all_secrets) - found) == []
    assert sorted(referring - found) == []


VALUES = {"unordered": {c: [c] for c in "abc"}, "keyed": {c: [{"name": c}] for c in "abc"}}


def made(sort: str, sides: str) -> Case:
    """The case of this sort and signature, without an expectation."""
    values = VALUES.get(sort, dict(zip("abc", "abc", strict=True)))
    objects = [{} if c == "0" else {"value": values[c]} for c in sides.replace("-", "0")]
    desired, recorded, live = ([] if c == "-" else [(f"{sort}.main", o)] for c, o in zip(sides, objects, strict=True))
    return Case(name=sides, desired=desired, recorded=recorded, live=live, deposed=(), expected=())


@pytest.mark.parametrize("sort", [sort for sort in SORTS if sort not in ("ordinary", "sensitive")])
def test_a_value_that_is_not_there_counts_as_one_of_its_own_for_every_sort(sort: str) -> None:
    for sides in (s for s in ANYWHERE if is_compared(s) and "0" in s):
        (absent,), (another,) = (planned(made(sort, s)) for s in (sides, canonical(sides.replace("0", "c"))))
        assert (absent["action"], absent.get("first")) == (another["action"], another.get("first")), sides


@pytest.mark.parametrize("sort", [sort for sort in SORTS if sort not in ("ordinary", "sensitive")])
def test_the_sort_of_an_attribute_is_nothing_to_what_is_not_compared(sort: str) -> None:
    for sides in (s for s in ANYWHERE if not is_compared(s)):
        plain = [{**change, "address": f"{sort}.main"} for change in planned(made("ordinary", sides))]
        assert planned(made(sort, sides)) == plain, sides
