"""Compares two versions of a state document, record by record. Nobody asks what lives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from infractl.domain.address import Address
from infractl.domain.plan import AttributeChange
from infractl.domain.resource import Recorded, Ref
from infractl.domain.revision import Fate, RecordChange
from infractl.domain.service_state import ServiceState
from infractl.planning.attribute import attribute_changes
from infractl.provider.schema import Schema


def record_changes(before: ServiceState | None, after: ServiceState | None) -> tuple[RecordChange, ...]:
    """What becomes of each record that is not the same in both, by address; the deposed ones last."""
    one, other = ({r.address: r for r in s.resources} if s else {} for s in (before, after))
    deposed, kept = ({(r.address, r.target, r.ref): r for r in s.deposed} if s else {} for s in (before, after))
    return (*_resources(one, other), *_deposed(deposed, kept))


def _resources(before: Mapping[Address, Recorded], after: Mapping[Address, Recorded]) -> Iterator[RecordChange]:
    for address in sorted({*before, *after}):
        old, new = before.get(address), after.get(address)
        if old is None and new is not None:
            yield _change(new, Fate.recorded)
        elif old is not None and new is None:
            yield _change(old, Fate.forgotten)
        elif old is not None and new is not None and old != new:
            yield _change(new, Fate.changed, attributes=_attributes(old, new))


def _deposed(
    before: Mapping[tuple[Address, str, Ref], Recorded], after: Mapping[tuple[Address, str, Ref], Recorded]
) -> Iterator[RecordChange]:
    yield from (_change(r, Fate.forgotten, deposed=True) for at, r in before.items() if at not in after)
    yield from (_change(r, Fate.recorded, deposed=True) for at, r in after.items() if at not in before)


def _attributes(old: Recorded, new: Recorded) -> tuple[AttributeChange, ...]:
    """What is recorded of the object itself counts as well: its target and id."""
    mine, theirs = ({"target": r.target, "id": r.ref.id, "properties": r.properties, "outputs": r.outputs} for r in (new, old))
    return attribute_changes(mine, theirs, None, Schema({}))


def _change(record: Recorded, fate: Fate, *, deposed: bool = False, attributes: tuple[AttributeChange, ...] = ()) -> RecordChange:
    return RecordChange(
        address=str(record.address),
        target=record.target,
        id=record.ref.id,
        fate=fate,
        deposed=deposed,
        attributes=attributes,
    )
