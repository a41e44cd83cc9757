"""A provider in memory whose answers a test may bend, behind the engine with a real store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infractl.applying.connection import Connection
from infractl.clock import SystemClock
from infractl.domain.action import Action
from infractl.domain.address import Address, Owner
from infractl.domain.health import Health, HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.provider.schema import Attribute, Replacement, Schema
from infractl.state.local import LocalStateStore
from infractl.testing.engine import KEY, Engine

SCHEMAS = {
    "thing": Schema(
        {
            "host": Attribute(replaces=True),
            "id": Attribute(computed=True),
            "key": Attribute(sensitive=True),
            "replicas": Attribute(ignored=True),
        }
    ),
    "first": Schema(
        {"host": Attribute(replaces=True), "id": Attribute(computed=True), "replicas": Attribute(ignored=True)},
        Replacement.create_first,
    ),
}


def address(name: str, kind: str = "thing") -> Address:
    return Address(project=KEY.project, environment=KEY.environment, service=KEY.service, kind=kind, name=name)


@dataclass
class Cloud:
    """Objects by ref, the calls that were made, and what a test makes go wrong, by resource name."""

    objects: dict[Ref, Live] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    before_begin: dict[str, Callable[[Step], None]] = field(default_factory=dict)
    after_begin: dict[str, Callable[[Step], None]] = field(default_factory=dict)
    polls: dict[str, list[Running | Failed | Exception]] = field(default_factory=dict)
    twist: dict[str, Callable[[Live], Live | None]] = field(default_factory=dict)
    health: dict[str, Health] = field(default_factory=dict)
    before_find: Callable[[], None] = lambda: None
    made: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def names(self) -> list[str]:
        return sorted(live.labels["infractl-name"] for live in self.objects.values())


@dataclass
class MemoryKind:
    """A kind of the cloud: creates and deletes at once, unless the test says otherwise."""

    name: str
    cloud: Cloud

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        found = {ref: self.cloud.objects[ref] for ref in refs if ref in self.cloud.objects}
        twisted = {
            ref: self.cloud.twist.get(live.labels.get("infractl-name", ""), lambda x: x)(live) for ref, live in found.items()
        }
        return {ref: live for ref, live in twisted.items() if live is not None}

    def find(self, owner: Owner) -> Sequence[Live]:
        self.cloud.before_find()
        return [x for x in self.cloud.objects.values() if x.ref.kind == self.name and owner.owns(x.labels)]

    def begin(self, step: Step) -> Pending:
        name = step.address.name
        with self.cloud.lock:
            self.cloud.calls.append((step.action.value, name))
        self.cloud.before_begin.get(name, lambda _: None)(step)
        with self.cloud.lock:
            ref = self._do(step)
        self.cloud.after_begin.get(name, lambda _: None)(step)
        return Pending(ref=ref, action=step.action, token=name)

    def _do(self, step: Step) -> Ref:
        if step.action is Action.delete:
            assert step.prior is not None
            self.cloud.objects.pop(step.prior.ref, None)
            return step.prior.ref
        assert step.desired is not None
        if step.action is Action.update:
            assert step.prior is not None
            ref = step.prior.ref
        else:
            self.cloud.made += 1
            ref = Ref(kind=self.name, id=f"id-{self.cloud.made}")
        self.cloud.objects[ref] = Live(
            ref=ref, properties={**step.desired.properties, "id": ref.id}, labels=step.owner.labels(step.address)
        )
        return ref

    def poll(self, pending: Pending) -> Running | Done | Failed:
        left = self.cloud.polls.get(pending.token)
        answer = left.pop(0) if left else Done(ref=pending.ref)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def managed(self, desired: Resource, live: Live) -> Mapping[str, Any]:
        return {name: value for name, value in live.properties.items() if name != "id"}

    def health(self, desired: Resource, live: Live) -> Health:
        return self.cloud.health.get(desired.address.name, Health(HealthStatus.healthy))


@dataclass(kw_only=True)
class Bench(Engine):
    """The engine, and the clouds behind its two targets, `here` and `there`, which give out the same ids."""

    cloud: Cloud
    elsewhere: Cloud


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    cloud, elsewhere = Cloud(), Cloud()
    connections = {
        target: Connection.of({name: MemoryKind(name, at) for name in SCHEMAS}, SCHEMAS)
        for target, at in {"here": cloud, "there": elsewhere}.items()
    }
    store = LocalStateStore(tmp_path, SystemClock())
    return Bench(store=store, connections=connections, cloud=cloud, elsewhere=elsewhere)


@pytest.fixture
def thing() -> Callable[..., Resource]:
    """`thing("a", needs=["b"], kind="first", size=1)`."""

    def make(name: str, needs: Sequence[str] = (), kind: str = "thing", **properties: Any) -> Resource:
        return Resource(address=address(name, kind), properties=properties, depends_on=tuple(address(n) for n in needs))

    return make
