"""What is seen of several services where the state of some cannot be trusted: that hides no other's, and all of it is told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from infractl.applying.fan_out import fan_out
from infractl.domain.address import ServiceKey
from infractl.errors import Diagnostic, StateError

A = TypeVar("A")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Generic[A]):
    """What is to be shown, and what is wrong with the state of the services that are not among it."""

    services: Sequence[A]
    damage: tuple[Diagnostic, ...]

    def raise_damage(self) -> None:
        """Raises StateError once the others are shown."""
        if self.damage:
            raise StateError(*self.damage)


def see(look: Callable[[ServiceKey], A], keys: Iterable[ServiceKey]) -> Seen[A]:
    """Raises StateError where nothing is left to be shown, and what else `look` raises."""

    def tried(key: ServiceKey) -> A | StateError:
        try:
            return look(key)
        except StateError as error:
            return error

    services: list[A] = []
    damage: list[Diagnostic] = []
    for found in fan_out(tried, keys):
        if isinstance(found, StateError):
            damage += found.diagnostics
        else:
            services.append(found)
    seen = Seen(services=services, damage=tuple(dict.fromkeys(damage)))
    if not services:
        seen.raise_damage()
    return seen
