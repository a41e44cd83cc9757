"""Plans and applies wanted resources as the workflows do, against connected kinds and a real state store, without a project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from infractl.applying.apply import Run, apply_service
from infractl.applying.connection import Connections
from infractl.applying.refresh import Observed, Question, adopted, refresh
from infractl.applying.settle import replay, settle
from infractl.applying.stop import Stop
from infractl.applying.wait import Waiting
from infractl.applying.workers import Workers
from infractl.clock import Clock, SystemClock
from infractl.domain.address import Owner, ServiceKey
from infractl.domain.applied import Applied
from infractl.domain.event import Event
from infractl.domain.plan import ServicePlan
from infractl.domain.resource import Resource
from infractl.domain.service_state import ServiceState
from infractl.planning.diff import Desired, KindView, deposed_changes, diff, orphan_changes
from infractl.state.store import StateStore

KEY = ServiceKey(project="p", environment="e", service="s")
WHO = "a test"


@dataclass(kw_only=True)
class Engine:
    """One service at one target. `target` may change between two plans: then the service moves."""

    store: StateStore
    connections: Connections
    target: str = "here"
    key: ServiceKey = KEY
    lineage: str = "line-1"
    operation_s: float | None = 5.0
    settle_s: float = 0.3
    parallelism: int = 8
    clock: Clock = field(default_factory=SystemClock)
    events: list[Event] = field(default_factory=list)
    stop: Stop = field(default_factory=Stop)

    @property
    def state(self) -> ServiceState | None:
        return self.store.read(self.key)

    @property
    def owner(self) -> Owner:
        return Owner(key=self.key, lineage=self.lineage)

    @property
    def waiting(self) -> Waiting:
        return Waiting(clock=self.clock, tell=lambda _: None, operation_s=self.operation_s, settle_s=self.settle_s)

    def observe(self, wanted: Sequence[Resource]) -> Observed:
        """What is recorded is read; what is wanted and not recorded is looked for and, where nothing is wanted, every orphan."""
        state = self.state
        recorded = state.resources if state else ()
        known = {r.address for r in recorded}
        kinds = {r.address.kind for r in wanted if r.address not in known} if wanted else self.connections[self.target].kinds
        question = Question(
            owner=self.owner,
            recorded=recorded,
            deposed=state.deposed if state else (),
            sought=frozenset((self.target, kind) for kind in kinds),
        )
        return refresh(question, self.connections, self.waiting)

    def plan(self, wanted: Sequence[Resource]) -> ServicePlan:
        state = self.state
        recorded = state.resources if state else ()
        observed = adopted(self.observe(wanted), {r.address: self.target for r in wanted}, recorded)
        views = {
            (self.target, name): KindView(schema=kind.schema, managed=kind.managed)
            for name, kind in self.connections[self.target].kinds.items()
        }
        return ServicePlan(
            key=self.key,
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
                *diff(
                    [Desired(resource=r, target=self.target) for r in wanted], recorded, observed.live, views, observed.foreign
                ),
                *deposed_changes(state.deposed if state else (), observed.deposed),
                *(() if wanted else orphan_changes(observed.orphans)),
            ),
            outputs={},
        )

    def apply(self, wanted: Sequence[Resource]) -> Applied:
        lease = self.store.lock(self.key, WHO)
        try:
            return apply_service(self.plan(wanted), self.state, self.run(lease.epoch))
        finally:
            lease.release()

    @cached_property
    def _workers(self) -> Workers:
        return Workers(self.parallelism)

    def run(self, epoch: int) -> Run:
        return Run(
            store=self.store,
            epoch=epoch,
            connections=self.connections,
            waiting=self.waiting,
            emit=self.events.append,
            stop=self.stop,
            who=WHO,
            workers=self._workers,
        )

    def settle(self) -> None:
        """What the next command does first after a crash, or after a step whose end is not known."""
        lease = self.store.lock(self.key, WHO)
        try:
            state = self.state
            assert state is not None
            after, open_steps = replay(state, self.store.entries(self.key))
            after = settle(after, open_steps, self.owner, self.connections, self.waiting)
            after = replace(after, serial=state.serial + 1)
            self.store.fold(self.key, after, expected_serial=state.serial, epoch=lease.epoch)
        finally:
            lease.release()
