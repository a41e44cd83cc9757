"""A file's bytes, bounded, or the reason why they cannot be had."""

from __future__ import annotations

from pathlib import Path

from infractl.errors import SpecError
from infractl.spec.locate import is_file, shown
from infractl.spec.text import MOST_BYTES


def read(path: Path) -> bytes:
    """At most one byte more than may be parsed, so that `parse` can tell. Raises SpecError."""
    if not is_file(path):
        raise unreadable(path, "it is a pipe or a device, or it cannot be asked about")
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from None


def unreadable(path: Path, reason: str) -> SpecError:
    return SpecError.of(
        "file-unreadable",
        summary="a file or directory cannot be read",
        detail=reason,
        at=shown(path),
        remedy="check that it is an ordinary file or directory that you may read: `ls -l`",
    )
