"""Takes over into the record what lives: the changes of a refresh alone. Nothing that lives is touched by them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.plan import AttributeChange, Cause, Change
from infractl.domain.resource import Live, Recorded, Resource
from infractl.domain.value import Properties, Redacted
from infractl.planning.attribute import attribute_changes, ignored_changes
from infractl.planning.diff import KindView
from infractl.provider.schema import Schema


def accept(
    recorded: Sequence[Recorded],
    live: Mapping[Address, Live],
    foreign: Collection[Address],
    kinds: Mapping[tuple[str, str], KindView],
) -> tuple[Change, ...]:
    """One change for each record: it is adopted as it lives, forgotten where it is gone, or left as it is."""
    return tuple(
        _accepted(r, live[r.address], kinds[r.target, r.address.kind]) if r.address in live else _gone(r, r.address in foreign)
        for r in recorded
    )


def _gone(recorded: Recorded, foreign: bool) -> Change:
    reason = "it is another owner's now" if foreign else "it was deleted outside infractl"
    return Change(address=recorded.address, target=recorded.target, action=Action.forget, reasons=(reason,), recorded=recorded)


def _accepted(recorded: Recorded, live: Live, kind: KindView) -> Change:
    as_recorded = Resource(address=recorded.address, properties=recorded.properties, depends_on=recorded.depends_on)
    managed = _with_references(kind.managed(as_recorded, live), recorded.properties)
    attributes = tuple(sorted(_attributes(managed, recorded.properties, kind.schema), key=lambda a: a.path))
    paths = ", ".join(a.path for a in attributes)
    return Change(
        address=recorded.address,
        target=recorded.target,
        action=Action.adopt if attributes else Action.no_op,
        reasons=(f"it was changed outside infractl: {paths}",) if attributes else (),
        attributes=attributes,
        desired=replace(as_recorded, properties=managed),
        recorded=recorded,
        live=live,
    )


def _attributes(managed: Properties, recorded: Properties, schema: Schema) -> Iterator[AttributeChange]:
    """From what is recorded to what lives. What a kind leaves to others is taken over as well."""
    for change in (*attribute_changes(managed, recorded, managed, schema), *ignored_changes(managed, recorded, schema)):
        yield replace(change, cause=Cause.drift, replaces=False)


def _with_references(managed: Properties, recorded: Properties) -> dict[str, object]:
    """A secret's value is not known: the reference by which it was applied stands for it."""
    return {n: recorded.get(n, value) if isinstance(value, Redacted) else value for n, value in managed.items()}
