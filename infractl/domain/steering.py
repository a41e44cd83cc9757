"""What a plan is asked besides what is declared: to confine itself, to make something anew, or to change the record alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """By addresses (`service.kind.name`); a target may also be a service.

    `targets` are what the plan is confined to, with what they need (none: everything). `anew` are replaced though nothing
    differs. `refresh_only`: the record takes over what lives, and nothing that lives is touched.
    """

    targets: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()
    refresh_only: bool = False

    @property
    def services(self) -> frozenset[str]:
        """Of the targets."""
        return frozenset(target.partition(".")[0] for target in self.targets)

    def covers(self, service: str) -> bool:
        """Whether something of the service is asked for."""
        return not self.targets or service in self.services


UNSTEERED = Steering()
