"""What is seen of several services where some cannot be seen: a damaged record, or an object that a provider does not tell of.

That hides no other service, and all of it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from infractl.applying.fan_out import fan_out
from infractl.domain.address import ServiceKey
from infractl.errors import Diagnostics, InfractlError, ProviderError, StateError, TransientProviderError, UsageError

A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Generic[A]):
    """What is to be shown, and why the services that are not among it cannot be."""

    services: Sequence[A]
    unseen: tuple[InfractlError, ...]

    def raise_unseen(self) -> None:
        """Raises StateError, ProviderError or UsageError once the others are shown."""
        if self.unseen:
            first = self.unseen[0]
            told = dict.fromkeys(d for error in self.unseen for d in error.diagnostics)
            raise type(first)(*Diagnostics(told)) from first


_OF_ONE = (StateError, ProviderError, UsageError)
"""What is wrong with one service: a target that is not declared any more is a UsageError."""


def see(look: Callable[[ServiceKey], A], keys: Iterable[ServiceKey]) -> Seen[A]:
    """Raises StateError, ProviderError or UsageError where nothing is left to be shown, and what else `look` raises."""

    def tried(key: ServiceKey) -> A | InfractlError:
        try:
            return look(key)
        except TransientProviderError:
            # It was waited for: asking it of each service would take that long each time.
            raise
        except _OF_ONE as error:
            return type(error)(*(replace(d, at=d.at or str(key)) for d in error.diagnostics)).with_traceback(error.__traceback__)

    services: list[A] = []
    unseen: list[InfractlError] = []
    for found in fan_out(tried, keys):
        if isinstance(found, InfractlError):
            unseen.append(found)
        else:
            services.append(found)
    seen = Seen(services=services, unseen=tuple(unseen))
    if not services:
        seen.raise_unseen()
    return seen
