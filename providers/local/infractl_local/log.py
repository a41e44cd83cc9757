"""The newest lines of a server's log."""

from __future__ import annotations

from pathlib import Path

TAIL_BYTES = 64 * 1024


def last_lines(path: Path, count: int, start: int = 0) -> list[str]:
    """At most `count` lines, oldest first, none from before byte `start`; none where there is no log."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            begin = max(start, size - TAIL_BYTES)
            file.seek(begin)
            lines = file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
    whole = lines[1:] if begin > start else lines
    return whole[-count:] if count > 0 else []
