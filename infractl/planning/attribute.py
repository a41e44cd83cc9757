"""Compares one resource's properties, leaf by leaf, and says why each leaf differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from infractl.domain.plan import AttributeChange, Cause
from infractl.domain.value import Output, Properties, Redacted
from infractl.provider.schema import Attribute, Schema


class _Absent:
    """Stands for a side that does not have the attribute."""


ABSENT = _Absent()


def attribute_changes(
    desired: Properties, live: Properties, recorded: Properties | None, schema: Schema
) -> tuple[AttributeChange, ...]:
    """Each leaf in which `desired` and `live` differ, sorted by path.

    `live` is in desired's terms already; computed and ignored attributes never differ. A leaf that equals what was
    recorded has drifted; one that does not was changed by the user; one that is not known yet is made anew.
    """
    changes: list[AttributeChange] = []
    for name in sorted({*desired, *live}):
        attribute = schema.of(name)
        if attribute.computed or attribute.ignored:
            continue
        wanted, found = desired.get(name, ABSENT), live.get(name, ABSENT)
        before = (recorded or {}).get(name, ABSENT)
        if attribute.sensitive:
            changes.extend(_secret_change(name, wanted, found, before, attribute))
        else:
            changes.extend(_leaf_changes(name, wanted, found, before, attribute))
    return tuple(changes)


def ignored_changes(recorded: Properties, live: Properties, schema: Schema) -> tuple[AttributeChange, ...]:
    """Each leaf that differs in an attribute which the kind leaves to others: what no diff shows, and no apply reverts."""
    names = [n for n in live if schema.of(n).ignored and not schema.of(n).computed]
    compared = Schema({n: replace(schema.of(n), ignored=False) for n in names})
    before = {n: recorded[n] for n in names if n in recorded}
    return attribute_changes(before, {n: live[n] for n in names}, recorded, compared)


def _secret_change(name: str, wanted: Any, found: Any, recorded: Any, attribute: Attribute) -> Iterator[AttributeChange]:
    """A secret's value cannot be compared: that it is there can, and the reference that was applied."""
    if (wanted is ABSENT) == (found is ABSENT) and _same(wanted, recorded):
        return
    yield AttributeChange(
        path=name,
        before=None if found is ABSENT else Redacted(),
        after=None if wanted is ABSENT else Redacted(),
        cause=Cause.drift if _same(wanted, recorded) else Cause.config,
        added=found is ABSENT,
        removed=wanted is ABSENT,
        replaces=attribute.replaces,
    )


def _leaf_changes(path: str, wanted: Any, found: Any, recorded: Any, attribute: Attribute) -> Iterator[AttributeChange]:
    key = attribute.unordered_by
    if key is not None and isinstance(wanted, Sequence) and isinstance(found, Sequence):
        wanted, found, recorded = (keyed(side, key) for side in (wanted, found, recorded))
    for leaf, after, before, known in _leaves(path, wanted, found, recorded):
        yield AttributeChange(
            path=leaf,
            before=None if before is ABSENT else before,
            after=None if after is ABSENT else after,
            cause=_cause(after, known),
            added=before is ABSENT,
            removed=after is ABSENT,
            replaces=attribute.replaces,
        )


def _leaves(path: str, wanted: Any, found: Any, recorded: Any) -> Iterator[tuple[str, Any, Any, Any]]:
    """The differing leaves as (path, wanted, found, recorded)."""
    if _same(wanted, found):
        return
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for name in sorted({*wanted, *found}):
            yield from _leaves(f"{path}.{name}", wanted.get(name, ABSENT), found.get(name, ABSENT), _member(recorded, name))
    elif _is_list(wanted) and _is_list(found) and len(wanted) == len(found):
        for index, (after, before) in enumerate(zip(wanted, found, strict=True)):
            yield from _leaves(f"{path}[{index}]", after, before, _item(recorded, index, len(wanted)))
    else:
        yield path, wanted, found, recorded


def _same(wanted: Any, found: Any) -> bool:
    """Equality of JSON values, in which 1 is not true and 1.0 is 1."""
    if isinstance(wanted, bool) or isinstance(found, bool):
        return wanted is found
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return wanted.keys() == found.keys() and all(_same(v, found[k]) for k, v in wanted.items())
    if _is_list(wanted) and _is_list(found):
        return len(wanted) == len(found) and all(map(_same, wanted, found))
    return bool(wanted == found)


def _cause(after: Any, recorded: Any) -> Cause:
    if isinstance(after, Output):
        return Cause.replaced
    return Cause.drift if _same(after, recorded) else Cause.config


def keyed(items: Any, key: str) -> Any:
    """A list whose order means nothing, as a mapping from each item's key; equal keys are numbered."""
    if not _is_list(items):
        return items
    counts: dict[str, int] = {}
    keyed: dict[str, Any] = {}
    for item in items:
        name = str(item.get(key, item) if key and isinstance(item, Mapping) else item)
        counts[name] = counts.get(name, 0) + 1
        keyed[name if counts[name] == 1 else f"{name}#{counts[name]}"] = item
    return keyed


def _member(recorded: Any, name: str) -> Any:
    return recorded.get(name, ABSENT) if isinstance(recorded, Mapping) else ABSENT


def _item(recorded: Any, index: int, length: int) -> Any:
    return recorded[index] if _is_list(recorded) and len(recorded) == length else ABSENT


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)
