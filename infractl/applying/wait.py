"""Waits for what a provider accepted, and reads it back: a step is done when what lives is what was asked for, and is well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from infractl.clock import Clock
from infractl.domain.health import HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running
from infractl.planning.attribute import attribute_changes
from infractl.provider.contract import Kind
from infractl.provider.schema import Schema

OPERATION_S = 1800.0
"""How long one operation may take: Vertex deploys take up to 20 minutes."""
SETTLE_S = 15.0
"""How long a finished operation may take to show in a read: cloud reads are eventually consistent."""
READ_EVERY_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The clock, the limits, and who is told how it goes."""

    clock: Clock
    tell: Callable[[str], None]
    operation_s: float = OPERATION_S
    settle_s: float = SETTLE_S


def wait(kind: Kind, pending: Pending, waiting: Waiting) -> Done | Failed:
    """Poll until the operation ends. An operation that takes too long fails here; it may still end at the provider."""
    deadline = waiting.clock.monotonic() + waiting.operation_s
    while True:
        match kind.poll(pending):
            case Running(detail=detail, after_s=after_s):
                waiting.tell(detail)
            case ended:
                return ended
        if waiting.clock.monotonic() >= deadline:
            return Failed(
                detail=f"it did not end within {waiting.operation_s:.0f}s",
                remedy="run infractl apply again: it goes on waiting for the same operation",
            )
        waiting.clock.sleep(after_s)


def read_back(kind: Kind, schema: Schema, desired: Resource, ref: Ref, waiting: Waiting) -> Live | Failed:
    """The live object, once it is what was asked for and healthy; Failed says in which way it is not."""
    clock = waiting.clock
    settled, deadline = clock.monotonic() + waiting.settle_s, clock.monotonic() + waiting.operation_s
    while True:
        live = kind.read([ref]).get(ref)
        problem, patience = _problem(kind, schema, desired, live, settled, deadline)
        if live is not None and not problem:
            return live
        if clock.monotonic() >= patience:
            return Failed(detail=problem, live=_described(live))
        waiting.tell(problem)
        clock.sleep(READ_EVERY_S)


def read_gone(kind: Kind, ref: Ref, waiting: Waiting) -> Failed | None:
    """None once the object is gone."""
    settled = waiting.clock.monotonic() + waiting.settle_s
    while (live := kind.read([ref]).get(ref)) is not None:
        if waiting.clock.monotonic() >= settled:
            return Failed(detail="it was deleted and is still there", live=_described(live))
        waiting.clock.sleep(READ_EVERY_S)
    return None


def _problem(
    kind: Kind, schema: Schema, desired: Resource, live: Live | None, settled: float, deadline: float
) -> tuple[str, float]:
    """What is wrong with the live object ("" if nothing), and until when it may yet come right."""
    if live is None:
        return "the provider called it done, and it is not there", settled
    differences = attribute_changes(desired.properties, kind.managed(desired, live), None, schema)
    if differences:
        first = differences[0]
        return f"the provider called it done, and {first.path} is {first.before!r} instead of {first.after!r}", settled
    health = kind.health(desired, live)
    match health.status:
        case HealthStatus.healthy:
            return "", settled
        case HealthStatus.progressing:
            return health.reason or "not healthy yet", deadline
        case status:
            return f"it is {status}: {health.reason}", float("-inf")


def _described(live: Live | None) -> str:
    return f"{live.ref.kind} {live.ref.id} is there" if live else "nothing is there"
