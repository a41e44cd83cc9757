"""What a plan leaves as it lives: attributes that the user, or the kind's schema, leaves to others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from infractl.domain.address import Address
from infractl.domain.attribute_pattern import AttributePattern, covers
from infractl.domain.plan import AttributeChange, Course, LeftAttribute
from infractl.domain.resource import Resource
from infractl.domain.value import Properties
from infractl.planning.attribute import ABSENT, attribute_changes, ignored_changes, keyed
from infractl.provider.schema import Schema

BY_USER = "by spec.lifecycle.ignoreChanges"
BY_PROVIDER = "the provider leaves it to others, such as an autoscaler"


def paths_of(patterns: Iterable[AttributePattern], address: Address) -> tuple[str, ...]:
    """The paths that the patterns name of the resource at an address."""
    return tuple(p.path for p in patterns if p.means(address))


def needed_changes(
    desired: Resource, live: Properties, recorded: Properties | None, schema: Schema
) -> tuple[AttributeChange, ...]:
    """`attribute_changes`, but for the paths that the resource leaves to others."""
    return attribute_changes(laid(desired, live, schema), live, recorded, schema)


def laid(desired: Resource, live: Properties, schema: Schema) -> Properties:
    """What is wanted, with what lives at each path that is left to others. A secret is never taken from there."""
    if not desired.ignores:
        return desired.properties
    found = dict(desired.properties)
    for name in dict.fromkeys([*desired.properties, *live]):
        attribute = schema.of(name)
        if not (attribute.sensitive or attribute.computed):
            found[name] = _laid(
                name, desired.properties.get(name, ABSENT), live.get(name, ABSENT), desired.ignores, attribute.unordered_by
            )
    return {name: value for name, value in found.items() if value is not ABSENT}


def left(desired: Resource, live: Properties, recorded: Properties | None, schema: Schema) -> tuple[LeftAttribute, ...]:
    """Each attribute that differs and stays as it lives, and why."""
    kept = [c for c in attribute_changes(desired.properties, live, recorded, schema) if _is_left(c.path, desired.ignores, schema)]
    ignored = ignored_changes(recorded, live, schema) if recorded is not None else ()
    return (
        *(_left(c, Course.kept, BY_USER) for c in kept),
        *(_left(c, Course.ignored, BY_PROVIDER) for c in ignored),
    )


def _is_left(path: str, ignores: Sequence[str], schema: Schema) -> bool:
    top = path.partition(".")[0].partition("[")[0]
    return not schema.of(top).sensitive and any(covers(pattern, path) for pattern in ignores)


def _left(change: AttributeChange, course: Course, why: str) -> LeftAttribute:
    return LeftAttribute(
        path=change.path,
        declared=change.after,
        live=change.before,
        added=change.removed,
        removed=change.added,
        course=course,
        why=why,
    )


def _laid(path: str, wanted: Any, found: Any, ignores: Sequence[str], key: str | None = None) -> Any:
    """One value: what lives where it is left to others, else what is wanted; of both inside what has parts in common."""
    if any(covers(pattern, path) for pattern in ignores):
        return found
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        return _laid_in(wanted, found, lambda name: f"{path}.{name}", ignores)
    if isinstance(wanted, list | tuple) and isinstance(found, list | tuple):
        if key is not None:
            return [*_laid_in(keyed(wanted, key), keyed(found, key), lambda name: f"{path}.{name}", ignores).values()]
        if len(wanted) == len(found):
            pairs = enumerate(zip(wanted, found, strict=True))
            return [_laid(f"{path}[{index}]", after, before, ignores) for index, (after, before) in pairs]
    return wanted


def _laid_in(
    wanted: Mapping[str, Any], found: Mapping[str, Any], path: Callable[[str], str], ignores: Sequence[str]
) -> dict[str, Any]:
    names = dict.fromkeys([*wanted, *found])
    laid = {n: _laid(path(n), wanted.get(n, ABSENT), found.get(n, ABSENT), ignores) for n in names}
    return {name: value for name, value in laid.items() if value is not ABSENT}
