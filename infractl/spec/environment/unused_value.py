"""Values that nothing refers to: mostly slips for others. What refers to a name is read off the documents as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence, Set

from infractl.errors import Diagnostic, Mark
from infractl.spec.environment.values import references
from infractl.spec.reading import Reading
from infractl.spec.telling.problem import warning
from infractl.spec.telling.suggest import closest
from infractl.spec.text import VALUE_NAME
from infractl.spec.yaml.document import Document

_NAMED = re.compile(VALUE_NAME.pattern)


def unused_values(reading: Reading, environments: Sequence[str]) -> Iterator[Diagnostic]:
    """Of infractl.yaml and of the environments, where all services were read.

    A value of infractl.yaml may be there for one environment alone, whichever is looked at.
    """
    in_services = references(document.value for _, document in reading.services)
    in_patches = {name: references(_patches(document)) for name, document in reading.environments.items()}
    own = {name: _declared(document) for name, document in reading.environments.items()}
    shared = _declared(reading.document) if reading.document else {}
    yield from _unused(shared, in_services.union(*in_patches.values()), frozenset().union(*own.values()))
    for name in environments:
        if name in own:
            yield from _unused(own[name], in_services | in_patches[name], shared.keys())


def _patches(document: Document) -> Iterator[object]:
    for key in ("overlay", "services"):
        if node := document.node((key,)):
            yield node.value


def _declared(document: Document) -> dict[str, Mark]:
    values = document.node(("values",))
    return {name: span.mark for name, span in values.keys.items() if _NAMED.fullmatch(name)} if values else {}


def _unused(declared: Mapping[str, Mark], referred: Set[str], elsewhere: Set[str]) -> Iterator[Diagnostic]:
    """What is referred to and declared nowhere is an error there, which names the value that is like it."""
    missing = sorted(referred - declared.keys() - elsewhere)
    overridden = sorted((referred & elsewhere) - declared.keys())
    for name, at in declared.items():
        if name not in referred and not closest(name, missing):
            meant = closest(name, overridden)
            yield warning(
                "unused-value",
                "nothing refers to a value",
                f"no service, and no patch for one, holds ${{{name}}}",
                at,
                f"did you mean {meant}?" if meant else f"remove it, or write ${{{name}}} where it is meant",
            )
