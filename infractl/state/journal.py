"""The journal beside a state document: one line an entry, each with its own checksum and the version that it builds on.

A line costs the same however long the journal and however large the document is.
"""

from __future__ import annotations

import json as jsonlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from infractl.domain.journal import Entry
from infractl.errors import StateError
from infractl.state.codec import canonical, decode, digest, encode
from infractl.state.document import Version
from infractl.state.file import sync_directory, write_failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    base: Version
    entry: Entry


def pack_entry(entry: Entry) -> bytes:
    """The canonical JSON of an entry. Raises ValueError where it holds what JSON cannot."""
    return canonical(encode(entry, Entry))


def pack_line(base: Version, entry: bytes) -> bytes:
    """The canonical line of a packed entry that builds on `base`."""
    body = b'{"base":%b,"entry":%b}' % (canonical(encode(base)), entry)
    return b'{"body":%b,"sha256":"%b"}\n' % (body, sha256(body).hexdigest().encode())


def replay(data: bytes, base: Version, at: Path) -> tuple[Entry, ...]:
    """The entries that build on `base`. Those of an earlier version are in the document already: a fold was cut short.

    Raises StateError for a damaged line, and for one of a version that the document has not reached.
    """
    entries = []
    for number, line in enumerate(_lines(data, at), start=1):
        if line.base.lineage != base.lineage or line.base.serial > base.serial:
            raise _damaged(at, number, f"it builds on {line.base}, and the document is {base}")
        if line.base == base:
            entries.append(line.entry)
    return tuple(entries)


def readable(data: bytes) -> Iterator[Line]:
    """The lines that are as they were written, whatever they build on: what is left to go by where the document is missing."""
    for text in data.split(b"\n"):
        try:
            yield _line(jsonlib.loads(text))
        except (ValueError, RecursionError):
            continue
    return None


def append_lines(path: Path, lines: bytes, *, durably: bool = True) -> None:
    """Add whole lines, and make them durable with all before them. Raises StateError where the disk refuses.

    The lines before are unchanged then. What is not added durably outlives this process, and not a power cut.
    """
    try:
        new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _add(descriptor, lines)
            if durably:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            sync_directory(path.parent)
    except OSError as error:
        raise write_failed(path, error) from error


def begin(path: Path) -> None:
    """An empty journal, durably without the lines that were there. The entry of a new file is left for the caller to sync."""
    new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.ftruncate(descriptor, 0)
        if not new:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear(path: Path) -> None:
    """Take every line away. Not durably: after a power cut, lines may be there that build on an earlier version."""
    if not path.exists() or not path.stat().st_size:
        return
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _add(descriptor: int, lines: bytes) -> None:
    _cut_torn(descriptor)
    written = 0
    while written < len(lines):
        written += os.write(descriptor, lines[written:])


def _cut_torn(descriptor: int) -> None:
    """Cut off the line of a writer that died or failed in it, which would make the next one unreadable."""
    size = os.fstat(descriptor).st_size
    if size and os.pread(descriptor, 1, size - 1) != b"\n":
        os.ftruncate(descriptor, os.pread(descriptor, size, 0).rfind(b"\n") + 1)


def _lines(data: bytes, at: Path) -> Iterator[Line]:
    # What follows the last newline was never acknowledged: its writer died in it.
    *whole, _ = data.split(b"\n")
    for number, text in enumerate(whole, start=1):
        try:
            yield _line(jsonlib.loads(text))
        except (ValueError, RecursionError) as error:
            raise _damaged(at, number, str(error)) from error


def _line(json: Any) -> Line:
    if not isinstance(json, dict) or set(json) != {"body", "sha256"} or not isinstance(json["body"], dict):
        raise ValueError("no journal line")
    body = json["body"]
    if digest(body) != json["sha256"]:
        raise ValueError("its content does not have the sha256 that it carries")
    return Line(base=decode(Version, body.get("base")), entry=decode(Entry, body.get("entry")))


def _damaged(path: Path, number: int, why: str) -> StateError:
    return StateError.of(
        "journal-damaged",
        summary="the journal of unfinished work is damaged",
        detail=f"line {number}: {why}",
        at=f"{path}:{number}",
        remedy=f"keep a copy of {path} and move it away; the next apply finds what its steps made by their labels",
    )
