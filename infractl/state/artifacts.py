"""Artifacts in a local directory, each under its own sha256. A file there is whole, read-only and never changed."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from infractl.errors import StateError
from infractl.state.file import make_directory, replacement

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

    def _file(self, digest: str) -> Path:
        return self._root / "sha256" / digest[:2] / digest


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
