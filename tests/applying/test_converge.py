"""Whatever is wanted, was changed behind infractl's back and failed on the way: one more apply, and nothing is left to do.

The reference provider's world is in this process, and so is its time: to wait for hours takes none.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from infractl.applying.connection import Connection
from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.resource import Resource
from infractl.domain.value import Output, SecretRef
from infractl.errors import ProviderError, TransientProviderError
from infractl.provider.contract import Kind
from infractl.state.local import LocalStateStore
from infractl.testing import faults
from infractl.testing.engine import KEY, Engine
from infractl.testing.reference.kind import SCHEMAS, ReferenceKind
from infractl.testing.reference.world import DEFAULTS, RefusedError, Thing, World
from infractl.testing.sample import Shelf

NAMES = ("a", "b")
SECRETS = {"ONE": "canary-1", "TWO": "canary-2"}


@dataclass
class Turned:
    """A clock that is turned by whoever waits."""

    passed_s: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return self.passed_s

    def sleep(self, seconds: float) -> None:
        self.passed_s += max(seconds, 0.001)


@dataclass
class Near:
    """The world as its kinds ask for it: what is said and answered is JSON, one call at a time."""

    world: World
    clock: Turned
    guard: Lock = field(default_factory=Lock)

    def call(self, name: str, /, **given: Any) -> Any:
        with self.guard:
            # A call takes a moment, also of those who wait for nothing else.
            self.clock.sleep(2.0)
            self.world.advance()
            try:
                return json.loads(json.dumps(getattr(self.world, name)(**json.loads(json.dumps(given)))))
            except RefusedError as refused:
                kind = TransientProviderError if refused.transient else ProviderError
                raise kind.of(f"reference-{refused.slug}", summary="refused", detail=str(refused)) from None


FAULTS: Mapping[str, Callable[[Kind], Kind]] = {
    "none": lambda kind: kind,
    "refuses": lambda kind: faults.Raises(kind, ProviderError.of("fault-quota", summary="the quota is used up")),
    "breaks": lambda kind: faults.Raises(kind, KeyError("EndpointName")),
    "throttles": faults.Throttles,
    "loses the answer": faults.LosesTheAnswer,
    "hangs": faults.Hangs,
    "lies": faults.Lies,
    "answers twice": faults.AnswersTwice,
    "rolls back": faults.RollsBack,
    "lags": lambda kind: faults.Lags(kind, reads=3),
}


class Stage:
    """An engine, and the world behind it."""

    def __init__(self, folder: Path) -> None:
        self.clock = Turned()
        self.world = World(now=self.clock.monotonic, log=lambda _: None)
        self.kinds = {
            name: ReferenceKind(name, Near(self.world, self.clock), Shelf(), Shelf(secrets=SECRETS)) for name in SCHEMAS
        }
        self.engine = Engine(
            store=LocalStateStore(folder, self.clock),
            connections={"here": Connection.of(self.kinds, SCHEMAS)},
            clock=self.clock,
            operation_s=600.0,
            settle_s=60.0,
            # One at a time, so that what failed once fails again.
            parallelism=1,
        )

    def bend(self, how: Mapping[str, str]) -> None:
        """From now on each kind misbehaves in its way."""
        bent = {name: FAULTS[how.get(name, "none")](kind) for name, kind in self.kinds.items()}
        self.engine.connections = {"here": Connection.of(bent, SCHEMAS)}

    def ours(self) -> set[tuple[str, str]]:
        return {at for at, thing in self.world.things.items() if self.engine.owner.owns(thing.labels)}


def address(kind: str, name: str) -> Address:
    return Address(project=KEY.project, environment=KEY.environment, service=KEY.service, kind=kind, name=name)


@st.composite
def wishes(draw: st.DrawFn) -> Sequence[Resource]:
    """Disks, configs that name disks, and endpoints that name a config. Every shape of attribute is among theirs."""
    some = st.sets(st.sampled_from(NAMES))
    disks, configs, endpoints = (sorted(draw(some)) for _ in range(3))
    found = [Resource(address=address("disk", n), properties={"size_bytes": draw(st.integers(1, 2))}) for n in disks]
    for name in configs:
        used = draw(st.permutations(disks))[: draw(st.integers(0, 2))]
        variants = [{"name": n, "disk": Output(address("disk", n), "path")} for n in used]
        properties = {"variants": variants, "serving": {"max_batch": draw(st.integers(1, 2))}}
        found.append(Resource(address=address("config", name), properties=properties))
    for name in endpoints:
        found.append(Resource(address=address("endpoint", name), properties=draw(endpoint_properties(configs))))
    return draw(st.permutations(found))


@st.composite
def endpoint_properties(draw: st.DrawFn, configs: Sequence[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "zone": draw(st.sampled_from(["one", "two"])),
        "zones": draw(st.permutations(["one", "two", "three"]))[: draw(st.integers(0, 3))],
        "replicas": draw(st.integers(1, 3)),
    }
    if configs and draw(st.booleans()):
        properties["config"] = Output(address("config", draw(st.sampled_from(configs))), "arn")
    if (timeout_s := draw(st.sampled_from([None, 30, 60]))) is not None:
        properties["timeout_s"] = timeout_s
    if (secret := draw(st.sampled_from([None, *SECRETS]))) is not None:
        properties["key"] = SecretRef("env", secret)
    return properties


DRIFTS = ("change", "unset", "add", "delete", "lose labels", "give away", "lose secrets", "orphan")
drifts = st.lists(st.tuples(st.sampled_from(DRIFTS), st.integers(0, 7), st.integers(1, 3)), max_size=4)
bents = st.dictionaries(st.sampled_from(sorted(SCHEMAS)), st.sampled_from(sorted(FAULTS)), max_size=2)
slow = st.dictionaries(
    st.tuples(st.sampled_from(sorted(SCHEMAS)), st.sampled_from(["create", "update", "delete"])), st.just(30.0)
)


def drift(stage: Stage, what: str, which: int, number: int) -> None:
    """What somebody does to the provider's objects without infractl."""
    world = stage.world
    if what == "orphan":
        kind, name = sorted(SCHEMAS)[number - 1], NAMES[which % 2]
        labels = dict(stage.engine.owner.labels(address(kind, name)))
        world.put(Thing(kind, f"orphan-{len(world.things)}", labels, {"size_bytes": number}, {}, "ready"))
    elif world.things:
        thing = world.things[sorted(world.things)[which % len(world.things)]]
        if what == "delete":
            world.take(thing.kind, thing.id)
        else:
            world.put(drifted(thing, what, number))


def drifted(thing: Thing, what: str, number: int) -> Thing:
    names = sorted(thing.properties)
    match what:
        case "change" if names:
            return replace(thing, properties={**thing.properties, names[number % len(names)]: number})
        case "unset" if names:
            return replace(thing, properties={n: v for n, v in thing.properties.items() if n != names[number % len(names)]})
        case "add":
            return replace(thing, properties={**thing.properties, "added": number})
        case "lose labels":
            return replace(thing, labels={})
        case "give away":
            return replace(thing, labels={**thing.labels, "infractl-lineage": "theirs"})
        case "lose secrets":
            return replace(thing, secrets={})
        case _:
            return thing


@pytest.fixture(scope="module")
def undurable() -> Any:
    """A disk that never waits: nothing here loses its power, and thousands of documents are written."""
    patch = pytest.MonkeyPatch()
    patch.setattr(os, "fsync", lambda _: None)
    yield
    patch.undo()


@settings(max_examples=40, derandomize=True, database=None)
@given(
    rounds=st.lists(st.tuples(wishes() | st.just(()), drifts, bents), min_size=1, max_size=3),
    delays_s=slow,
)
def test_after_an_apply_there_is_nothing_left_to_do(undurable: Any, rounds: Any, delays_s: dict[tuple[str, str], float]) -> None:
    with TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        stage.world.delays_s = delays_s
        for wanted, drifted, bent in rounds:
            for one in drifted:
                drift(stage, *one)
            strays = stage.ours() - recorded_at(stage)
            stage.bend(bent)
            failed = not apply(stage, wanted)
            note(f"{len(wanted)} wanted, {drifted}, {bent}: {'failed' if failed else 'done'}")
            stage.bend({})
            assert apply(stage, wanted)
            converged(stage, wanted, strays)


def apply(stage: Stage, wanted: Sequence[Resource]) -> bool:
    """As a command does: a service that is new has a lineage of its own, and what an earlier run left open is settled first."""
    if stage.engine.state is None:
        stage.engine.lineage = str(uuid4())
    else:
        stage.engine.settle()
    return stage.engine.apply(wanted).complete


def recorded_at(stage: Stage) -> set[tuple[str, str]]:
    state = stage.engine.state
    return {(r.ref.kind, r.ref.id) for r in state.resources} if state else set()


def converged(stage: Stage, wanted: Sequence[Resource], strays: set[tuple[str, str]]) -> None:
    """Nothing is left to do, and the world agrees: what is wanted is there as it is wanted, once, and nothing else of ours is."""
    changes = stage.engine.plan(wanted).changes
    assert [c for c in changes if c.action is not Action.no_op] == []
    state = stage.engine.state
    records = {r.address: r for r in state.resources} if state else {}
    assert set(records) == {r.address for r in wanted}
    assert state is None or (state.deposed, state.open_steps) == ((), ())
    ids = {a: r.ref.id for a, r in records.items()}
    for resource in wanted:
        thing = stage.world.things[resource.address.kind, ids[resource.address]]
        assert thing.labels == stage.engine.owner.labels(resource.address)
        assert seen(thing) == expected(resource, ids)
    left = stage.ours() - recorded_at(stage)
    assert left <= strays and (wanted or not left)


def expected(resource: Resource, ids: Mapping[Address, str]) -> dict[str, Any]:
    """The resource in the provider's words, without what it leaves to others."""

    def told(value: Any) -> Any:
        match value:
            case Output(address=a, attribute="path"):
                return f"/disks/{ids[a]}"
            case Output(address=a):
                return f"reference:config/{ids[a]}"
            case dict():
                return {name: told(v) for name, v in value.items()}
            case list():
                return [told(v) for v in value]
            case _:
                return value

    given = {**DEFAULTS.get(resource.address.kind, {}), **resource.properties}
    return in_order({n: "a secret" if isinstance(v, SecretRef) else told(v) for n, v in given.items()})


def seen(thing: Thing) -> dict[str, Any]:
    return in_order({**thing.told()["properties"], **dict.fromkeys(thing.secrets, "a secret")})


def in_order(properties: dict[str, Any]) -> dict[str, Any]:
    return {n: sorted(v, key=str) if isinstance(v, list) else v for n, v in properties.items() if n != "replicas"}
