"""Whether another measurement runs on this machine: the two would measure each other."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from infractl.state.cache import cache_directory


@contextmanager
def only_one() -> Iterator[bool]:
    """Whether no other one of this user runs, for as long as the block does. Where nothing can be written, nobody can tell."""
    path = cache_directory() / "bench.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a")
    except OSError:
        yield True
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
