"""Which code of ours it was: a digest over source files, where what was measured depends on them."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from infractl import __version__

_ROOT = Path(__file__).parents[1]
_DIGITS = 12


@cache
def digest_of(parts: tuple[str, ...], root: Path = _ROOT) -> str:
    """Of these rooms' and modules' files, with their names. Where infractl is installed without them, its version.

    A comment changes it as well: to measure once too often costs less than a figure of code that is gone.
    """
    files = sorted(file for part in parts for file in _files(root / part))
    if not files:
        return __version__
    seen = hashlib.sha256()
    for file in files:
        seen.update(f"{file.relative_to(root).as_posix()}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return seen.hexdigest()[:_DIGITS]


def _files(path: Path) -> list[Path]:
    return list(path.rglob("*.py")) if path.is_dir() else [path for path in [path] if path.is_file()]
