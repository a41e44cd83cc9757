"""State in a local directory: `project/environment/service/`. A document is never written in place, and only under an epoch."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from infractl.clock import Clock
from infractl.domain.address import ServiceKey
from infractl.domain.journal import Entry
from infractl.domain.service_state import ServiceState
from infractl.errors import StateError
from infractl.state.commit import Commit
from infractl.state.directory import Documents, ServiceDirectory
from infractl.state.document import Document, Version
from infractl.state.file import GuardHeldError, make_directory, remove_file, unguarded, write_failed
from infractl.state.holder import lock_held, this_process
from infractl.state.journal import append_lines, clear, pack_entry, pack_line
from infractl.state.lock import LocalLease, LocalLock
from infractl.state.store import Holder, Remains


class LocalStateStore:
    """A StateStore under `root`, for one machine's users and processes."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock
        self._versions: dict[ServiceKey, tuple[_Stamp, Version]] = {}
        self._documents: Documents = {}
        self._directories: dict[ServiceKey, ServiceDirectory] = {}
        self._guard = threading.Lock()
        self._commits: dict[tuple[ServiceKey, int], Commit] = {}

    def keys(self, project: str, environment: str) -> Sequence[ServiceKey]:
        return tuple(key for key in self._services(project, environment) if self._directory(key).occupied)

    def ended(self, project: str, environment: str) -> Sequence[ServiceKey]:
        services = {key: self._directory(key) for key in self._services(project, environment)}
        return tuple(key for key, directory in services.items() if not directory.occupied and directory.versions())

    def held(self, project: str, environment: str) -> Mapping[ServiceKey, Holder]:
        holders = {key: self.holder(key) for key in self._services(project, environment)}
        return {key: holder for key, holder in holders.items() if holder is not None}

    def projects(self) -> Sequence[str]:
        return [name for name in _directories(self._root) if any(self._recorded(name))]

    def environments(self, project: str) -> Sequence[str]:
        return list(self._recorded(project))

    def _recorded(self, project: str) -> Iterator[str]:
        """The environments in which a service is recorded: the first one found says so."""
        for name in _directories(self._root / _part(project)):
            if any(self._directory(key).occupied for key in self._services(project, name)):
                yield name

    def _services(self, project: str, environment: str) -> Sequence[ServiceKey]:
        services = _directories(self._root / _part(project) / _part(environment))
        return [ServiceKey(project=project, environment=environment, service=service) for service in services]

    def read(self, key: ServiceKey) -> ServiceState | None:
        document = self._directory(key).load()
        return document.state if document else None

    def write(self, key: ServiceKey, state: ServiceState, *, expected_serial: int, epoch: int) -> None:
        with self._writing(key, epoch) as directory:
            current = _swapped(directory, state, expected_serial)
            if directory.entries():
                raise _unfolded(key)
            directory.put(state, current)

    def fold(self, key: ServiceKey, state: ServiceState, *, expected_serial: int, epoch: int) -> None:
        with self._writing(key, epoch) as directory:
            directory.put(state, _swapped(directory, state, expected_serial))
            # After a crash here, the entries build on an earlier version: they are not replayed.
            clear(directory.journal)
        self._commits.pop((key, epoch), None)

    def delete(self, key: ServiceKey, *, expected_serial: int, epoch: int) -> None:
        with self._writing(key, epoch) as directory:
            directory.remove(_expected(directory, expected_serial))

    def history(self, key: ServiceKey) -> Sequence[ServiceState]:
        directory = self._directory(key)
        try:
            current = directory.load()
        except StateError:
            # The history is what helps then: all of it.
            current = None
        return tuple(s for _, s in directory.good_versions() if current is None or s.serial < current.state.serial)

    def remains(self, key: ServiceKey) -> Remains | None:
        return self._directory(key).remains

    def set_aside(self, key: ServiceKey, *, epoch: int) -> str:
        with self._writing(key, epoch) as directory:
            return str(directory.set_aside(self._clock.now()))

    def lock(self, key: ServiceKey, command: str) -> LocalLease:
        directory = self._directory(key)
        make_directory(directory.path)
        lock = LocalLock(directory.path, key)
        try:
            with directory.guarded():
                return lock.take(this_process(command, self._clock))
        except GuardHeldError:
            holder = lock.claimed()
            if holder is None:
                raise
            raise lock_held(key, holder) from None

    def holder(self, key: ServiceKey) -> Holder | None:
        directory = self._directory(key)
        if not directory.guard.exists():
            return None
        lock = LocalLock(directory.path, key)
        with unguarded(directory.guard) as still:
            return lock.living() if still else lock.claimed()

    def unlock(self, key: ServiceKey, lock_id: str) -> None:
        directory = self._directory(key)
        make_directory(directory.path)
        with directory.guarded():
            LocalLock(directory.path, key).fence(lock_id)

    def append(self, key: ServiceKey, epoch: int, entry: Entry, *, durably: bool = True) -> None:
        with _readable(key):
            packed = pack_entry(entry)
        with self._guard:
            if (key, epoch) not in self._commits:
                self._commits[key, epoch] = Commit(partial(self._append, key, epoch))
            commit = self._commits[key, epoch]
        commit.add(packed, durably=durably)

    def _append(self, key: ServiceKey, epoch: int, entries: Sequence[bytes], durably: bool) -> None:
        with self._writing(key, epoch) as directory:
            base = self._version(directory)
            append_lines(directory.journal, b"".join(pack_line(base, entry) for entry in entries), durably=durably)

    def entries(self, key: ServiceKey) -> Sequence[Entry]:
        return self._directory(key).entries()

    def _directory(self, key: ServiceKey) -> ServiceDirectory:
        if (directory := self._directories.get(key)) is None:
            path = self._root / _part(key.project) / _part(key.environment) / _part(key.service)
            directory = self._directories[key] = ServiceDirectory(path, key, self._documents)
        return directory

    @contextmanager
    def _writing(self, key: ServiceKey, epoch: int) -> Iterator[ServiceDirectory]:
        """The service's directory, with everybody else kept out and the epoch checked."""
        directory = self._directory(key)
        make_directory(directory.path)
        with directory.guarded():
            LocalLock(directory.path, key).check(epoch)
            try:
                with _readable(key):
                    yield directory
            except OSError as error:
                raise write_failed(directory.path, error) from error

    def _version(self, directory: ServiceDirectory) -> Version:
        """The present document's version, remembered for as long as it is the same file: an entry must not cost its reading."""
        stamp = _stamp(directory.document)
        known = self._versions.get(directory.key)
        if known and known[0] == stamp:
            return known[1]
        document = directory.load()
        if document is None:
            raise StateError.of(
                "journal-without-state",
                summary="work was to be journaled for a service that has no state document",
                at=str(directory.key),
                remedy="run the command again; it writes the document first",
            )
        # A first write may have died before it took the marker away.
        remove_file(directory.marker)
        self._versions[directory.key] = (stamp, document.version)
        return document.version


@contextmanager
def _readable(key: ServiceKey) -> Iterator[None]:
    """Around what makes a value into bytes."""
    try:
        yield
    except ValueError as error:
        raise StateError.of(
            "state-value",
            summary="what was to be written could not be read back, so it is not written",
            detail=str(error),
            at=str(key),
            remedy="this is a fault in infractl or in a provider: report it with this message",
        ) from error


_Stamp = tuple[int, int, int] | None


def _stamp(path: Path) -> _Stamp:
    """Changes whenever the file is replaced or written to."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_mtime_ns, found.st_size)


def _swapped(directory: ServiceDirectory, state: ServiceState, expected_serial: int) -> Document | None:
    """The document that `state` may take the place of."""
    if state.key != directory.key or state.serial != expected_serial + 1:
        raise ValueError(f"{state.key} version {state.serial} cannot follow {directory.key} version {expected_serial}")
    if directory.ended == Version(lineage=state.lineage, serial=expected_serial):
        return None
    current = _expected(directory, expected_serial)
    if current and current.state.lineage != state.lineage:
        raise StateError.of(
            "state-lineage",
            summary="the state to be written belongs to another life of the service",
            detail=f"its lineage is {state.lineage}, and that of the stored one {current.state.lineage}",
            at=str(directory.key),
            remedy="make a new plan",
        )
    return current


def _expected(directory: ServiceDirectory, serial: int) -> Document | None:
    """The document, which must be version `serial` (0: none)."""
    current = directory.load()
    if (current.state.serial if current else 0) == serial:
        return current
    found = f"version {current.state.serial} by {current.state.changed_by}" if current else "none"
    raise StateError.of(
        "state-serial",
        summary="the state was changed by somebody else in between",
        detail=f"version {serial} was expected, and there is {found}",
        at=str(directory.key),
        remedy="make a new plan",
    )


def _unfolded(key: ServiceKey) -> StateError:
    return StateError.of(
        "journal-open",
        summary="the journal has entries that this write would lose",
        at=str(key),
        remedy="run infractl apply: it settles and folds them",
    )


def _directories(parent: Path) -> list[str]:
    return sorted(p.name for p in parent.iterdir() if p.is_dir() and p.name[0] != ".") if parent.is_dir() else []


def _part(name: str) -> str:
    """A name as a directory's. Names are validated long before; one that would lead elsewhere must not get here."""
    if not name or name.startswith(".") or any(c in name for c in "/\\\0"):
        raise StateError.of(
            "state-name",
            summary="a name cannot be used as a directory's name",
            detail=repr(name),
            remedy="use lower-case letters, digits and hyphens",
        )
    return name
