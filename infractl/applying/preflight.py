"""Asks, before anything is changed, what stands against a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infractl.applying.connection import Connections, kind_of
from infractl.domain.action import Action
from infractl.domain.plan import Change
from infractl.errors import Diagnostic
from infractl.provider.capability import Preflights
from infractl.provider.plugin import calling, without_secrets


def preflight(changes: Iterable[Change], connections: Connections) -> Iterator[Diagnostic]:
    """Of each kind that can tell, about each object that is made or changed. Raises ProviderError."""
    for change in changes:
        if change.desired is None or change.action not in (Action.create, Action.update, Action.replace):
            continue
        kind = kind_of(connections, change.target, change.address.kind).kind
        if isinstance(kind, Preflights):
            with calling(change.address.kind, "preflight"):
                yield from map(without_secrets, kind.preflight(change.desired, change.live))
