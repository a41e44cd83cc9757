"""What an apply tells while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from infractl.domain.action import Action
from infractl.domain.address import Address


class Phase(StrEnum):
    started = "started"
    waiting = "waiting"
    done = "done"
    failed = "failed"
    not_started = "not-started"
    unknown = "unknown"
    """Begun, and stopped before its end was known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step reached a phase, `elapsed_s` after it began."""

    address: Address
    action: Action
    phase: Phase
    detail: str = ""
    elapsed_s: float = 0.0
