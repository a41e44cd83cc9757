"""Artifacts in a local directory, each under its own sha256, and records by key. A file there is whole and never changed."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from infractl.domain.value import Json
from infractl.errors import StateError
from infractl.state.codec import canonical
from infractl.state.codec import digest as json_digest
from infractl.state.file import make_directory, remove_file, replacement, write_failed
from infractl.state.store import KeptFile

_CHUNK_BYTES = 1 << 20
_DIGEST = re.compile(r"[0-9a-f]{64}")


class LocalArtifactStore:
    """An ArtifactStore under `root`. Processes that keep the same content do not disturb each other."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, source: Path) -> str:
        digest = _readable_digest(source)
        kept = self._file(digest)
        if not (kept.is_file() and _digest(kept) == digest):
            make_directory(kept.parent)
            _copy(source, kept, digest)
        else:
            with suppress(OSError):
                # Whoever removes what is old must not remove what is put just now.
                os.utime(kept)
        return digest

    def path(self, digest: str) -> Path:
        if not self.has(digest):
            raise StateError.of(
                "artifact-missing",
                summary="the artifact store does not have this artifact",
                detail=f"{digest} is not in {self._root}",
                at=str(self._root),
                remedy="run infractl plan again where the model is: it builds and keeps the artifact",
            )
        kept = self._file(digest)
        if _readable_digest(kept) != digest:
            raise StateError.of(
                "artifact-damaged",
                summary="an artifact's content is not the one that it is named after",
                detail=f"{digest} in {self._root}",
                at=str(kept),
                remedy=f"delete {kept}, then run infractl plan again: it builds and keeps the artifact",
            )
        return kept

    def has(self, digest: str) -> bool:
        return bool(_DIGEST.fullmatch(digest)) and self._file(digest).is_file()

    def files(self) -> Sequence[KeptFile]:
        return tuple(_kept(self._root / "sha256"))

    def remove(self, digest: str) -> None:
        if _DIGEST.fullmatch(digest):
            _remove(self._file(digest))

    def record(self, key: str, known: Json) -> Json:
        if not _DIGEST.fullmatch(key):
            raise ValueError(f"{key!r} is no key")
        file = self._record(key)
        make_directory(file.parent)
        content = canonical({"key": key, "digest": json_digest(known), "known": known})
        while not _first(file, content):
            if (before := self.recorded(key)) is not None:
                return before
            # What is there and cannot be trusted makes way.
            _remove(file)
        return known

    def recorded(self, key: str) -> Json | None:
        if not _DIGEST.fullmatch(key):
            return None
        with suppress(OSError, ValueError, RecursionError):
            found = json.loads(self._record(key).read_bytes())
            if isinstance(found, dict) and found.get("key") == key and found.get("digest") == json_digest(found.get("known")):
                return found["known"]
        return None

    def records(self) -> Sequence[KeptFile]:
        return tuple(_kept(self._root / "records"))

    def forget(self, key: str) -> None:
        if _DIGEST.fullmatch(key):
            _remove(self._record(key))

    def _file(self, digest: str) -> Path:
        return self._root / "sha256" / digest[:2] / digest

    def _record(self, key: str) -> Path:
        return self._root / "records" / key[:2] / key


def _kept(directory: Path) -> Iterator[KeptFile]:
    """By name; what another process removes meanwhile is left out."""
    for file in sorted(directory.glob("??/*")):
        if _DIGEST.fullmatch(file.name):
            with suppress(FileNotFoundError):
                stat = file.stat()
                since = datetime.fromtimestamp(stat.st_mtime, UTC)
                yield KeptFile(name=file.name, size_bytes=stat.st_size, since=since)


def _remove(file: Path) -> None:
    try:
        with suppress(FileNotFoundError):
            remove_file(file)
    except OSError as error:
        raise write_failed(file, error) from error


def _first(file: Path, content: bytes) -> bool:
    """Whether the file is made with this content; not where another process was first. Raises StateError."""
    whole = file.with_name(f".{file.name}.{os.getpid()}.{hashlib.sha256(content).hexdigest()[:8]}.tmp")
    try:
        with replacement(whole, entry=False) as written:
            written.write(content)
        # Unlike a renaming, a link never takes the place of what is there.
        os.link(whole, file)
    except FileExistsError:
        return False
    except OSError as error:
        raise write_failed(file, error) from error
    finally:
        whole.unlink(missing_ok=True)
    return True


def _copy(source: Path, kept: Path, digest: str) -> None:
    copied = hashlib.sha256()
    with source.open("rb") as given, replacement(kept, 0o444) as file:
        while chunk := given.read(_CHUNK_BYTES):
            copied.update(chunk)
            file.write(chunk)
        if copied.hexdigest() != digest:
            raise StateError.of(
                "artifact-changed",
                summary="a file changed while it was copied into the artifact store",
                at=str(source),
                remedy="run the command again once nothing writes to it",
            )


def _readable_digest(path: Path) -> str:
    try:
        return _digest(path)
    except OSError as error:
        raise StateError.of(
            "artifact-unreadable",
            summary="a file cannot be read",
            detail=f"{path}: {error.strerror or error}",
            at=str(path),
            remedy="check that it exists and is readable",
        ) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
