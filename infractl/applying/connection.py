"""The connected kinds of every target that a plan or a state names."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from infractl.applying.joined_read import JoinedRead
from infractl.errors import ProviderError
from infractl.provider.contract import Kind
from infractl.provider.plugin import GuardedKind
from infractl.provider.schema import Schema

READERS = 16
"""Reads that wait for a target at once."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A target's kinds, guarded, by name, and the reads of each, which are joined over services.

    No more calls wait for it at once than there are turns, of however many services.
    """

    kinds: Mapping[str, GuardedKind]
    turns: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(READERS), compare=False, repr=False)

    @classmethod
    def of(cls, kinds: Mapping[str, Kind], schemas: Mapping[str, Schema]) -> Connection:
        return cls(kinds={name: GuardedKind(name, kind, schemas[name]) for name, kind in kinds.items()})

    @cached_property
    def reads(self) -> Mapping[str, JoinedRead]:
        return {name: JoinedRead(kind) for name, kind in self.kinds.items()}


Connections = Mapping[str, Connection]


def kind_of(connections: Connections, target: str, kind: str) -> GuardedKind:
    """Raises ProviderError where the target's provider does not know the kind: it was written by another version."""
    connection = connections.get(target)
    if connection is None or kind not in connection.kinds:
        raise ProviderError.of(
            "kind-unknown",
            summary="a recorded object is of a kind that the provider does not know",
            detail=f"kind {kind} at target {target}",
            remedy="install the plugin version that made it, or name the target in infractl.yaml again",
        )
    return connection.kinds[kind]
