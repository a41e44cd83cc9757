"""What a state document would become when it is changed by hand: a version put back, a record forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from infractl.domain.address import ServiceKey
from infractl.domain.plan import AttributeChange, Change
from infractl.domain.service_state import ServiceState


class Fate(StrEnum):
    """What happens to a record. What it is of goes on living as it does."""

    recorded = "recorded"
    imported = "imported"
    """It was recorded nowhere before: what lives is taken into the record."""
    forgotten = "forgotten"
    changed = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChange:
    """One record. `id` is the provider's: after the change, or before it where the record is forgotten."""

    address: str
    target: str
    id: str
    fate: Fate
    deposed: bool = False
    attributes: tuple[AttributeChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One document before and after (None: there is none). `put_back`: the serial of the version that comes back.

    `next_plan`: what the next plan would do to the object that is imported, as the service is declared.
    """

    key: ServiceKey
    before: ServiceState | None
    after: ServiceState | None
    records: tuple[RecordChange, ...]
    put_back: int | None = None
    next_plan: Change | None = None
