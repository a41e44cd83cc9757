"""What is seen of several services where some cannot be seen: a damaged record, or an object that a provider does not tell of.

That hides no other service, and all of it is told, with the services that it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from infractl.applying.fan_out import fan_out
from infractl.domain.address import ServiceKey
from infractl.errors import (
    Diagnostic,
    Diagnostics,
    InfractlError,
    ProviderError,
    StateError,
    TransientProviderError,
    UsageError,
)
from infractl.workflows.target import named

A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Generic[A]):
    """What is to be shown, and why the services that are not among it cannot be."""

    services: Sequence[A]
    unseen: Mapping[ServiceKey, InfractlError]

    def raise_unseen(self) -> None:
        """Raises an error of the first one's class, with what is wrong with any, once the others are shown."""
        for first in self.unseen.values():
            raise type(first)(*Diagnostics(self._told())) from first

    def _told(self) -> Iterator[Diagnostic]:
        """What is wrong with several alike, and says of no place where, is told once: of all of them."""
        found: dict[Diagnostic, list[str]] = {}
        for key, error in self.unseen.items():
            for diagnostic in dict.fromkeys(error.diagnostics):
                found.setdefault(diagnostic, []).append(str(key))
        for diagnostic, keys in found.items():
            yield replace(diagnostic, at=diagnostic.at or named(keys))


_OF_ONE = (StateError, ProviderError, UsageError)
"""What is wrong with one service: a target that is not declared any more is a UsageError."""


def see(look: Callable[[ServiceKey], A], keys: Iterable[ServiceKey]) -> Seen[A]:
    """Raises StateError, ProviderError or UsageError where nothing is left to be shown, and what else `look` raises."""
    seen = _tried(look, keys, _OF_ONE)
    if not seen.services:
        seen.raise_unseen()
    return seen


def of_each(look: Callable[[ServiceKey], A], keys: Iterable[ServiceKey], *, unanswered: bool = False) -> list[A]:
    """Each service's answer, for a command that changes nothing unless it has them all.

    Where some end in an error, all the others are asked all the same, and even after a provider has not answered if `unanswered`
    says so. Raises an error of the first one's class, with what is wrong with any.
    """
    seen = _tried(look, keys, (InfractlError,), unanswered=unanswered)
    seen.raise_unseen()
    return [*seen.services]


def _tried(
    look: Callable[[ServiceKey], A],
    keys: Iterable[ServiceKey],
    awaited: tuple[type[InfractlError], ...],
    *,
    unanswered: bool = False,
) -> Seen[A]:
    def tried(key: ServiceKey) -> A | InfractlError:
        try:
            return look(key)
        except awaited as error:
            if isinstance(error, TransientProviderError) and not unanswered:
                # It was waited for: asking it of each service would take that long each time.
                raise
            return error

    services: list[A] = []
    unseen: dict[ServiceKey, InfractlError] = {}
    asked = [*keys]
    for key, found in zip(asked, fan_out(tried, asked), strict=True):
        if isinstance(found, InfractlError):
            unseen[key] = found
        else:
            services.append(found)
    return Seen(services=services, unseen=unseen)
