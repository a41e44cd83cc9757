"""The three stores' contracts. Each may be a directory, a bucket or a cluster; all pass one suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from infractl.domain.address import ServiceKey
from infractl.domain.journal import Entry, OpenStep
from infractl.domain.measurement import Measurement
from infractl.domain.service_state import ServiceState
from infractl.domain.value import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a lock. `started` is the process's own start time in seconds since boot, so that a recycled pid is told apart."""

    id: str
    who: str
    host: str
    boot: str
    pid: int
    started: float
    command: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What lies beside a document that is missing. `lineage` is what it tells of its life, where it can be read.

    `open_steps` are those that it tells the beginning of, and not the end.
    """

    lineage: str | None
    open_steps: tuple[OpenStep, ...] = ()


class Lease(Protocol):
    """A held lock. `epoch` grows with each lease: a write with an older one fails."""

    @property
    def epoch(self) -> int: ...

    @property
    def holder(self) -> Holder: ...

    def release(self) -> None:
        """Give it back; releasing twice, or what was taken over, does nothing."""
        ...


class StateStore(Protocol):
    """One document and one journal for each service, guarded by one lock."""

    def projects(self) -> Sequence[str]:
        """The projects that something is recorded of."""
        ...

    def environments(self, project: str) -> Sequence[str]:
        """The project's environments that something is recorded of."""
        ...

    def keys(self, project: str, environment: str) -> Sequence[ServiceKey]: ...

    def ended(self, project: str, environment: str) -> Sequence[ServiceKey]:
        """Those whose document was deleted, by a destroy or because they were forgotten, and of which versions are kept."""
        ...

    def read(self, key: ServiceKey) -> ServiceState | None:
        """The document; None only where there never was one, or it was deleted.

        Raises StateError for a document that is empty, torn, foreign, newer than this infractl or edited by hand, and for a
        missing document beside a journal or a backup.
        """
        ...

    def write(self, key: ServiceKey, state: ServiceState, *, expected_serial: int, epoch: int) -> None:
        """Compare-and-swap: `state.serial` must be `expected_serial + 1` and the stored one `expected_serial` (0: none).

        A document that was deleted can be taken up again: `expected_serial` and the lineage are then those of its last version,
        and the history stays. A new life begins with 0, and without it.

        Raises StateError for a lost race, a stale epoch and a journal that has entries (`fold` those); the old document stays
        whatever happens.
        """
        ...

    def delete(self, key: ServiceKey, *, expected_serial: int, epoch: int) -> None:
        """Remove the document and its journal, as the end of a destroy. Older versions stay in the history."""
        ...

    def history(self, key: ServiceKey) -> Sequence[ServiceState]:
        """Earlier versions that are kept, newest first."""
        ...

    def remains(self, key: ServiceKey) -> Remains | None:
        """What `read` refuses to take for "nothing is deployed": a journal or versions, without a document. Else None."""
        ...

    def set_aside(self, key: ServiceKey, *, epoch: int) -> str:
        """Move the remains to where no command reads them, and say where. Nothing is deleted; there is no state then."""
        ...

    def lock(self, key: ServiceKey, command: str) -> Lease:
        """Take the lock, or raise LockHeldError that names the holder. A dead holder on this host is taken over."""
        ...

    def held(self, project: str, environment: str) -> Mapping[ServiceKey, Holder]:
        """Every lock that somebody alive holds, also of services that have no document yet."""
        ...

    def holder(self, key: ServiceKey) -> Holder | None:
        """Who holds the lock now, if anybody alive does."""
        ...

    def unlock(self, key: ServiceKey, lock_id: str) -> None:
        """Break a lock by its holder's id. Raises StateError where the id is another."""
        ...

    def append(self, key: ServiceKey, epoch: int, entry: Entry, *, durably: bool = True) -> None:
        """Write one journal entry durably. Raises StateError for a stale epoch: before the provider is called.

        What need not be durable has to outlive the process at least, and becomes durable with the next entry that must be.

        There must be a document: a first apply writes one without resources before its first intent.
        """
        ...

    def entries(self, key: ServiceKey) -> Sequence[Entry]:
        """The journal since the last fold. A torn last line was never acknowledged: left out. Other damage is a StateError."""
        ...

    def fold(self, key: ServiceKey, state: ServiceState, *, expected_serial: int, epoch: int) -> None:
        """Write `state` and empty the journal, so that a crash in between repeats no entry."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """What a store keeps under a digest or a key: how much it takes, and when it was last put or asked to be kept."""

    name: str
    size_bytes: int
    since: datetime


class ArtifactStore(Protocol):
    """Model files by sha256, and by a key each what is known of how one was made: a record, plain JSON."""

    def put(self, source: Path) -> str:
        """Keep a copy and give its digest; what is already there is not written again."""
        ...

    def path(self, digest: str) -> Path:
        """A local file with the content, verified. Raises StateError where it is missing or damaged."""
        ...

    def has(self, digest: str) -> bool: ...

    def files(self) -> Sequence[KeptFile]:
        """Every file, by digest."""
        ...

    def remove(self, digest: str) -> None:
        """Forget a file; what is not there is forgotten already."""
        ...

    def record(self, key: str, known: Json) -> Json:
        """Keep what is known under a key (64 hexadecimal digits), whole or not at all, and give what is kept there.

        The first one stays: of two that find something out at once, both go on with what the first one found.
        """
        ...

    def recorded(self, key: str) -> Json | None:
        """What is kept under a key; None where nothing is, or nothing that can be trusted."""
        ...

    def records(self) -> Sequence[KeptFile]:
        """Every record, by key."""
        ...

    def forget(self, key: str) -> None:
        """Remove a record; what is not there is removed already."""
        ...


class MeasurementStore(Protocol):
    def put(self, measurement: Measurement) -> str:
        """Keep it and give its digest."""
        ...

    def list(self) -> Sequence[Measurement]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """A project's stores and the directory for what runs on this machine."""

    state: StateStore
    artifacts: ArtifactStore
    measurements: MeasurementStore
    run: Path
