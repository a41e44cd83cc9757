"""What an apply writes down before, during and after each provider call, so that a crash loses nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.resource import Recorded, Ref, Resource
from infractl.domain.step import Pending


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """Written before the call. `prior` is the object that the step changes or deletes."""

    step: str
    action: Action
    address: Address
    target: str
    desired: Resource | None
    prior: Ref | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Written when the call was accepted: what to poll."""

    step: str
    pending: Pending
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Written when the step ended: what is recorded of the address now (None: nothing), and why it failed, if it did.

    After a failure `recorded` is what the step left behind: the object of a create that came up wrong, or the record as it was.
    """

    step: str
    recorded: Recorded | None
    failure: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStep:
    """A step whose outcome is not known. Without `pending` it is not known either whether the provider was called."""

    intent: Intent
    pending: Pending | None


Entry = Intent | Operation | Outcome


def still_open(before: Iterable[OpenStep], entries: Iterable[Entry]) -> tuple[OpenStep, ...]:
    """The steps of which neither `before` nor the entries after it tell an end, as far as they tell of them at all."""
    steps = {step.intent.step: step for step in before}
    for entry in entries:
        match entry:
            case Intent():
                steps[entry.step] = OpenStep(intent=entry, pending=None)
            case Operation() if entry.step in steps:
                steps[entry.step] = replace(steps[entry.step], pending=entry.pending)
            case Outcome():
                steps.pop(entry.step, None)
    return tuple(steps.values())
