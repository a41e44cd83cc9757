"""A provider in memory whose answers a test may bend, and the plumbing to apply a plan against it with a real store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from infractl.applying.apply import Applied, Run, apply_service
from infractl.applying.connection import Connection
from infractl.applying.refresh import Question, refresh
from infractl.applying.settle import replay, settle
from infractl.applying.stop import Stop
from infractl.applying.wait import Waiting
from infractl.clock import SystemClock
from infractl.domain.action import Action
from infractl.domain.address import Address, Owner, ServiceKey
from infractl.domain.event import Event
from infractl.domain.health import Health, HealthStatus
from infractl.domain.plan import ServicePlan
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.service_state import ServiceState
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.planning.diff import Desired, KindView, deposed_changes, diff
from infractl.provider.schema import Attribute, Replacement, Schema
from infractl.state.local import LocalStateStore

KEY = ServiceKey(project="p", environment="e", service="s")
SCHEMAS = {
    "thing": Schema({"host": Attribute(replaces=True), "id": Attribute(computed=True), "key": Attribute(sensitive=True)}),
    "first": Schema({"host": Attribute(replaces=True), "id": Attribute(computed=True)}, Replacement.create_first),
}


def address(name: str, kind: str = "thing") -> Address:
    return Address(project="p", environment="e", service="s", kind=kind, name=name)


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
        twisted = {ref: self.cloud.twist.get(live.labels["infractl-name"], lambda x: x)(live) for ref, live in found.items()}
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


@dataclass
class Bench:
    """Plans and applies wanted resources as the workflows do, against the cloud and a real store in a directory."""

    cloud: Cloud
    store: LocalStateStore
    events: list[Event] = field(default_factory=list)
    stop: Stop = field(default_factory=Stop)
    lineage: str = "line-1"
    operation_s: float = 5.0
    parallelism: int = 8
    elsewhere: Cloud = field(default_factory=Cloud)
    target: str = "here"
    """Where resources are wanted; the other cloud gives out the same ids."""

    @property
    def connections(self) -> dict[str, Connection]:
        clouds = {"here": self.cloud, "there": self.elsewhere}
        return {
            target: Connection.of({name: MemoryKind(name, cloud) for name in SCHEMAS}, SCHEMAS)
            for target, cloud in clouds.items()
        }

    @property
    def state(self) -> ServiceState | None:
        return self.store.read(KEY)

    def plan(self, wanted: Sequence[Resource]) -> ServicePlan:
        state = self.state
        recorded = state.resources if state else ()
        recorded_at = {r.address for r in recorded}
        question = Question(
            owner=Owner(key=KEY, lineage=self.lineage),
            recorded=recorded,
            deposed=state.deposed if state else (),
            sought=frozenset((self.target, r.address.kind) for r in wanted if r.address not in recorded_at),
        )
        observed = refresh(question, self.connections)
        live = {**observed.live, **{a: x for a, (_, x) in observed.orphans.items() if a not in recorded_at}}
        views = {
            (self.target, name): KindView(schema=schema, managed=MemoryKind(name, self.cloud).managed)
            for name, schema in SCHEMAS.items()
        }
        return ServicePlan(
            key=KEY,
            target=self.target,
            lineage=self.lineage,
            serial=state.serial if state else 0,
            spec_digest="digest" if wanted else "",
            current=None,
            deployment=None,
            decision=None,
            slo={},
            traffic={},
            changes=(
                *diff([Desired(resource=r, target=self.target) for r in wanted], recorded, live, views),
                *deposed_changes(state.deposed if state else (), observed.deposed),
            ),
            outputs={},
        )

    def apply(self, wanted: Sequence[Resource]) -> Applied:
        lease = self.store.lock(KEY, "test")
        try:
            return apply_service(self.plan(wanted), self.state, self.run(lease.epoch))
        finally:
            lease.release()

    def run(self, epoch: int) -> Run:
        return Run(
            store=self.store,
            epoch=epoch,
            connections=self.connections,
            waiting=Waiting(clock=SystemClock(), tell=lambda _: None, operation_s=self.operation_s, settle_s=0.3),
            emit=self.events.append,
            stop=self.stop,
            who="a test",
            parallelism=self.parallelism,
        )

    def settle(self) -> None:
        """What the next command does first after a crash."""
        lease = self.store.lock(KEY, "test")
        try:
            state = self.state
            assert state is not None
            after, open_steps = replay(state, self.store.entries(KEY))
            waiting = self.run(lease.epoch).waiting
            owner = Owner(key=KEY, lineage=self.lineage)
            after = settle(after, open_steps, owner, self.connections, waiting)
            after = replace(after, serial=state.serial + 1)
            self.store.fold(KEY, after, expected_serial=state.serial, epoch=lease.epoch)
        finally:
            lease.release()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(cloud=Cloud(), store=LocalStateStore(tmp_path, SystemClock()))


@pytest.fixture
def thing() -> Callable[..., Resource]:
    """`thing("a", needs=["b"], kind="first", size=1)`."""

    def make(name: str, needs: Sequence[str] = (), kind: str = "thing", **properties: Any) -> Resource:
        return Resource(address=address(name, kind), properties=properties, depends_on=tuple(address(n) for n in needs))

    return make
