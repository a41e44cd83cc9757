"""Waits for what a provider accepted, and reads it back: a step is done when what lives is what was asked for, and is well."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from infractl.clock import Clock
from infractl.domain.address import service_in
from infractl.domain.health import HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running
from infractl.errors import BusyProviderError, TransientProviderError, UnansweredError
from infractl.planning.leave import needed_changes
from infractl.provider.plugin import GuardedKind
from infractl.provider.schema import OPERATION_S

T = TypeVar("T")

TRIES = 4
"""Calls of one sort that a provider says may succeed later."""
LONGEST_PAUSE_S = 16.0
"""Between two calls."""
SETTLE_S = 15.0
"""How long a finished operation may take to show in a read: cloud reads are eventually consistent."""
READ_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The clock, the limits, and who is told how it goes. `operation_s` is None where each kind says it of its own."""

    clock: Clock
    tell: Callable[[str], None]
    operation_s: float | None = None
    settle_s: float = SETTLE_S

    def of(self, kind: GuardedKind) -> Waiting:
        """As long as the kind says, unless that is said already."""
        return self if self.operation_s is not None else replace(self, operation_s=kind.schema.operation_s)

    @property
    def longest_s(self) -> float:
        return OPERATION_S if self.operation_s is None else self.operation_s


def wait(kind: GuardedKind, pending: Pending, waiting: Waiting) -> Done | Failed | Running:
    """Poll until the operation ends; still Running once the time is up, and it may end at the provider yet.

    Raises TransientProviderError where the provider cannot be asked.
    """
    deadline = waiting.clock.monotonic() + waiting.of(kind).longest_s
    while True:
        match retried(lambda: kind.poll(pending), waiting):
            case Running() as running:
                waiting.tell(running.detail)
            case ended:
                return ended
        left_s = deadline - waiting.clock.monotonic()
        if left_s <= 0:
            return running
        waiting.clock.sleep(min(running.after_s, left_s))


def read_back(kind: GuardedKind, desired: Resource, ref: Ref, waiting: Waiting) -> Live | Failed:
    """The live object, once it is what was asked for and healthy; Failed says in which way it is not."""
    clock = waiting.clock
    settled, deadline = clock.monotonic() + waiting.settle_s, clock.monotonic() + waiting.of(kind).longest_s
    while True:
        live = retried(lambda: kind.read([ref]), waiting).get(ref)
        problem, patience = _problem(kind, desired, live, settled, deadline)
        if live is not None and not problem:
            return live
        if clock.monotonic() >= patience:
            return Failed(detail=problem, live=_described(live))
        waiting.tell(problem)
        clock.sleep(READ_EVERY_S)


def read_gone(kind: GuardedKind, ref: Ref, waiting: Waiting) -> Failed | None:
    """None once the object is gone."""
    settled = waiting.clock.monotonic() + waiting.settle_s
    while (live := retried(lambda: kind.read([ref]), waiting).get(ref)) is not None:
        if waiting.clock.monotonic() >= settled:
            return Failed(detail="it was deleted and is still there", live=_described(live))
        waiting.clock.sleep(READ_EVERY_S)
    return None


def retried(call: Callable[[], T], waiting: Waiting) -> T:
    """The call's answer; called again after a growing, jittered pause where the provider says that it may succeed later.

    An object that is busy is waited for as long as an operation may take: another one is under way on it. Who did not answer in
    time is not asked again: waiting once is enough.
    """
    clock = waiting.clock
    deadline, failed, pause_s = clock.monotonic() + waiting.longest_s, 0, 1.0
    while True:
        try:
            return call()
        except UnansweredError:
            raise
        except BusyProviderError as busy:
            if clock.monotonic() >= deadline:
                raise
            waiting.tell(str(busy))
        except TransientProviderError as error:
            failed += 1
            if failed == TRIES:
                raise
            waiting.tell(f"try {failed} of {TRIES} failed: {error}")
        clock.sleep(random.uniform(0.5, 1.0) * pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)


def _problem(kind: GuardedKind, desired: Resource, live: Live | None, settled: float, deadline: float) -> tuple[str, float]:
    """What is wrong with the live object ("" if nothing), and until when it may yet come right."""
    if live is None:
        return "the provider called it done, and it is not there", settled
    differences = needed_changes(desired, kind.managed(desired, live), desired.properties, kind.schema)
    if differences:
        first = differences[0]
        return f"the provider called it done, and {first.path} is {first.before!r} instead of {first.after!r}", settled
    if service_in(live.labels) != desired.address.service:
        return "the provider called it done, and it does not carry its service's labels", settled
    health = kind.health(desired, live)
    match health.status:
        case HealthStatus.healthy:
            return "", settled
        case HealthStatus.progressing:
            return health.reason or "not healthy yet", deadline
        case HealthStatus.degraded:
            # Many a rollout passes through it.
            return f"it is degraded: {health.reason}", settled
        case status:
            return f"it is {status}: {health.reason}", float("-inf")


def _described(live: Live | None) -> str:
    return f"{live.ref.kind} {live.ref.id} is there" if live else "nothing is there"
