"""One service's directory: its document, its earlier versions, its journal, and the marker that says that there is no document.

What is missing is only believed to be absent beside the marker. Callers that write hold the guard; readers need nothing.
"""

from __future__ import annotations

import json as jsonlib
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from infractl.domain.address import ServiceKey
from infractl.domain.journal import Entry, still_open
from infractl.domain.service_state import ServiceState
from infractl.errors import StateError
from infractl.state.codec import canonical, decode, encode
from infractl.state.document import Document, Flaw, Version, pack, unpack
from infractl.state.file import (
    guarded,
    make_directory,
    moved_away,
    read_failed,
    remove_file,
    replace_file,
    replacement,
    sweep,
    sync_directory,
)
from infractl.state.journal import begin, readable, replay
from infractl.state.store import Remains

KEPT_VERSIONS = 10
"""How many earlier versions are kept, besides a copy of the present one."""

LONGEST_GUARD_S = 5.0
"""Longer than a disk takes for the few writes under the guard: who waits longer, waits for a process that was stopped."""

LOOKS = 20
"""How often a document that seems to be lost is looked for: so many lives of a service do not begin and end between two looks."""

Documents = dict[ServiceKey, tuple[bytes, Document]]
"""The document of each service that was read last, by the sha256 of its file: the same bytes are not decoded again."""


@dataclass(frozen=True)
class ServiceDirectory:
    """Its paths are put together once: every journal entry needs some of them."""

    path: Path
    key: ServiceKey
    known: Documents = field(default_factory=dict, compare=False)

    @cached_property
    def document(self) -> Path:
        return self.path / "state.json"

    @cached_property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @cached_property
    def marker(self) -> Path:
        return self.path / "absent.json"

    @cached_property
    def guard(self) -> Path:
        return self.path / "guard"

    @cached_property
    def _history(self) -> Path:
        return self.path / "history"

    @contextmanager
    def guarded(self) -> Iterator[None]:
        with guarded(self.guard, longest_s=LONGEST_GUARD_S):
            yield

    def load(self) -> Document | None:
        """The document; None where it is rightly absent. Raises StateError where it is damaged, or missing without the marker."""
        # At any moment there is a document or a marker, but lives may begin and end between a look at the one and at the other.
        for _ in range(LOOKS):
            if (data := _content(self.document)) is not None:
                return self._unpacked(data)
            if self.marker.exists() or not self.occupied:
                return None
        raise self._missing()

    @property
    def occupied(self) -> bool:
        """Whether there is a document, or anything that only stands beside one."""
        if self.document.exists():
            return True
        remains = bool(self.versions()) or (self.journal.exists() and self.journal.stat().st_size > 0)
        # A first write may have ended since we looked.
        return self.document.exists() or (remains and not self.marker.exists())

    @property
    def ended(self) -> Version | None:
        """The last version, where the document was deleted: what a restore of it goes on from."""
        data = None if self.document.exists() else _content(self.marker)
        try:
            known = jsonlib.loads(data) if data else None
            return decode(Version, known) if known else None
        except ValueError:
            # Nobody can go on from it; a new life can begin.
            return None

    def entries(self) -> tuple[Entry, ...]:
        """The journal's entries that are not folded into the document. Raises StateError for a damaged journal or document."""
        # The journal first: a fold in between leaves entries of an earlier version, which are left out.
        lines = _content(self.journal)
        document = self.load()
        return replay(lines, document.version, self.journal) if lines and document else ()

    @property
    def remains(self) -> Remains | None:
        """What is left where the document is missing."""
        if self.document.exists() or not self.occupied:
            return None
        state = next((state for _, state in self.good_versions()), None)
        lines = [line for line in readable(_content(self.journal) or b"") if state is None or line.base.serial >= state.serial]
        lineage = state.lineage if state else next((line.base.lineage for line in lines), None)
        open_steps = still_open(state.open_steps if state else (), [line.entry for line in lines])
        return Remains(lineage=lineage, open_steps=open_steps)

    def set_aside(self, at: datetime) -> Path:
        """Move the remains into a directory of their own, which says when that was."""
        aside = self.path / "aside" / f"{at:%Y%m%dT%H%M%S%fZ}"
        make_directory(aside)
        for part in (self.journal, self._history):
            if part.exists():
                part.rename(aside / part.name)
        sync_directory(aside)
        sync_directory(self.path)
        return aside

    def versions(self) -> tuple[Path, ...]:
        """The files of the kept versions, newest first, with a copy of the present one."""
        found = [p for p in self._history.glob("*.json") if p.stem.isdecimal()]
        return tuple(sorted(found, key=_serial, reverse=True))

    def good_versions(self) -> Iterator[tuple[Path, ServiceState]]:
        """The kept versions that can be trusted, newest first."""
        for path in self.versions():
            match unpack(_content(path) or b"", self.key):
                case Document(state=state):
                    yield path, state

    def put(self, state: ServiceState, current: Document | None) -> None:
        """Make `state` the document, in the place of `current`, and keep a copy. Raises StateError: `current` stays then."""
        sweep(self.path)
        if current is None and state.serial == 1:
            self._begin()
        data = pack(state, current.sha256 if current else None)
        copy = self._history / f"{state.serial}.json"
        make_directory(copy.parent)
        sweep(copy.parent)
        # Both are written before either takes its place: a full disk leaves both as they were.
        # Whoever keeps it elsewhere, and has a link here, goes on keeping it there.
        document = self.document.resolve() if self.document.is_symlink() else self.document
        with replacement(document, entry=document.parent != self.path) as file, replacement(copy) as kept:
            file.write(data)
            file.flush()
            kept.write(data)
        self.marker.unlink(missing_ok=True)
        sync_directory(self.path)
        self._prune(state.serial)

    def remove(self, current: Document | None) -> None:
        """Take the document away, for good, and its journal. The versions stay until the service begins anew."""
        replace_file(self.marker, canonical(encode(current and current.version)) + b"\n")
        remove_file(self.document.resolve())
        self.document.unlink(missing_ok=True)
        if self.journal.exists():
            begin(self.journal)

    def _begin(self) -> None:
        """Nothing of an earlier life of the service may be taken for the new one's: its versions are put aside.

        As many are kept of all earlier lives together as of this one.
        """
        replace_file(self.marker, b"null\n", durably=False)
        begin(self.journal)
        self._history.mkdir(mode=0o700, exist_ok=True)
        # All of the three are there, before a copy is: that marker matters, and what it says does not.
        sync_directory(self.path)
        aside = self.path / "aside" / "earlier"
        for version in self.versions():
            make_directory(aside)
            version.replace(aside / version.name)
        for version in sorted(aside.glob("*.json"), key=_written, reverse=True)[KEPT_VERSIONS:]:
            version.unlink()

    def _prune(self, serial: int) -> None:
        """Newer ones are there where an older one was put back: they were given up with that."""
        for version in self.versions():
            if not serial - KEPT_VERSIONS <= _serial(version) <= serial:
                version.unlink()

    def _unpacked(self, data: bytes) -> Document:
        content = sha256(data).digest()
        before = self.known.get(self.key)
        if before and before[0] == content:
            return before[1]
        match unpack(data, self.key):
            case Document() as document:
                self.known[self.key] = (content, document)
                return document
            case Flaw(slug=slug, summary=summary, detail=detail, remedy=remedy):
                at = str(self.document)
                raise StateError.of(slug, summary=summary, detail=detail, at=at, remedy=remedy or self._way_out())

    def _missing(self) -> StateError:
        remains = self.versions()[:1] or (self.journal,)
        return StateError.of(
            "state-missing",
            summary="the state document is missing",
            detail=f"{remains[0]} shows that there was one, and nothing says that it was deleted",
            at=str(self.document),
            remedy=f"{self._way_back()}; where that is too old or nothing is kept, begin anew and adopt what lives: "
            "infractl apply --adopt-empty",
        )

    def _way_out(self) -> str:
        """Of a damaged document."""
        if next(self.good_versions(), None):
            return self._way_back()
        return f"{self._way_back()}, or move it away: {moved_away(self.document)}, then infractl plan --adopt-empty"

    def _way_back(self) -> str:
        for path, state in self.good_versions():
            copied = shlex.join(["cp", str(path), str(self.document)])
            return f"put the newest good version back ({state.serial}, of {state.changed_at:%Y-%m-%d %H:%M:%S %Z}): {copied}"
        return "no good version is kept beside it: put it back from your own backup"


def _serial(version: Path) -> int:
    return int(version.stem)


def _written(version: Path) -> tuple[int, int]:
    """Serials begin anew with each life."""
    return version.stat().st_mtime_ns, _serial(version)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise read_failed(path, error) from error
