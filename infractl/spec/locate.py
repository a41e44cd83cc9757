"""Paths as users write and read them. What the files hold is not here."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
"""How a uri starts that is no path: `s3://`."""


def shown(path: Path) -> str:
    """The path as the user would type it: relative to the current directory when it is below it."""
    absolute, here = absolute_path(path), Path.cwd()
    if absolute.is_relative_to(here):
        return str(absolute.relative_to(here))
    return os.path.normpath(path)


def absolute_path(path: Path) -> Path:
    """Without `..` and without following symlinks: `a/../b` is `b`, as it reads."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps the dots


def locate(uri: str, directory: Path) -> Path | None:
    """Where a uri leads from a directory, symlinks followed, whether or not a file is there. None where it is no path."""
    if SCHEME.match(uri):
        return None
    try:
        return (directory / uri).resolve()
    except (OSError, ValueError, RuntimeError):  # a name with NUL; a loop of symlinks, which Python 3.11 tells by RuntimeError
        return None


def is_file(path: Path) -> bool:
    """Whether a regular file is there: no directory, pipe or device. What cannot be asked about is none."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def is_directory(path: Path) -> bool:
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)


def neighbours(path: Path) -> tuple[str, ...]:
    """The names of the other files in the path's directory."""
    try:
        return tuple(sorted(p.name for p in path.parent.iterdir() if is_file(p)))
    except OSError:
        return ()


def exists(path: Path) -> bool:
    return _mode(path) is not None


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # absent, unreadable, too long, or with NUL
        return None
