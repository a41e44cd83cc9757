"""Looks, after a step that did not end well, at what is there now: for its record, and in words for its error."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.action import Action
from infractl.domain.address import Address, Owner
from infractl.domain.health import HealthStatus
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Step
from infractl.errors import InfractlError
from infractl.planning.leave import needed_changes
from infractl.provider.plugin import GuardedKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """The step's object, if it is seen, and how it stands."""

    live: Live | None
    words: str


def look(step: Step, kind: GuardedKind) -> Sighting:
    """What the step meant to make, change or delete, as it is now. Asks once, and never raises InfractlError."""
    old = step.prior.ref if step.prior else None
    try:
        if step.action is not Action.create:
            live = kind.read([old]).get(old) if old else None
            return Sighting(live=live, words=_described(kind, step.desired, live))
        live = find_new(kind, step.owner, step.address, old)
        words = _described(kind, step.desired, live)
        if old and kind.read([old]):
            words += f", and {old.kind} {old.id}, which it replaces, still is"
        return Sighting(live=live, words=words)
    except InfractlError as error:
        return unseen(error)


def unseen(error: InfractlError) -> Sighting:
    """The next run finds what is there by its labels."""
    first = error.diagnostics[0]
    why = ": ".join(part for part in (first.summary, first.detail) if part)
    return Sighting(live=None, words=f"what is there now cannot be read ({why})")


def find_new(kind: GuardedKind, owner: Owner, address: Address, old: Ref | None) -> Live | None:
    """The object at `address` that carries the owner's labels and is not the old one, which a replacement labels alike."""
    return next((x for x in kind.find(owner) if owner.owns(x.labels) == address and x.ref != old), None)


def _described(kind: GuardedKind, desired: Resource | None, live: Live | None) -> str:
    if live is None:
        return "nothing is there"
    there = f"{live.ref.kind} {live.ref.id} is there"
    if desired is None:
        return there
    differences = needed_changes(desired, kind.managed(desired, live), desired.properties, kind.schema)
    if differences:
        first = differences[0]
        return f"{there}, and {first.path} is {first.before!r} instead of {first.after!r}"
    health = kind.health(desired, live)
    if health.status is HealthStatus.healthy:
        return f"{there}, as wanted"
    return f"{there}, and it is {health.status}: {health.reason}"
