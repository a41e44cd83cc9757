"""Files that are whole or not there: durable replacement, durable directories, and a short lock between processes."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from infractl.errors import StateError

OWN_DIRECTORY = ".infractl"
"""Where a project's stores lie unless infractl.yaml says otherwise."""


def replace_file(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Make `data` the content of `path`: a reader, or a crash, finds the old content or the new. Raises StateError."""
    with replacement(path, mode) as file:
        file.write(data)


@contextmanager
def replacement(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """A new file beside `path`, which takes its place durably when the block ends well, and is gone when it does not.

    Raises StateError where the disk refuses: what was there before is unchanged then.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        raise write_failed(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_failed(path: Path, error: OSError) -> StateError:
    return StateError.of(
        "state-write-failed",
        summary="a file could not be written; what it held before is unchanged",
        detail=f"{path}: {error.strerror or error}",
        at=str(path),
        remedy="make room on the disk, or make the directory writable, then run the command again",
    )


def make_directory(path: Path) -> None:
    """Make `path` and what is missing above it, so that a power cut cannot take it away again. Raises StateError."""
    try:
        if path.is_dir():
            return
        make_directory(path.parent)
        # Another process may make it at the same time.
        path.mkdir(mode=0o700, exist_ok=True)
        sync_directory(path.parent)
        keep_untracked(path.parent)
    except OSError as error:
        raise write_failed(path, error) from error


def keep_untracked(directory: Path) -> None:
    """Hide a `.infractl` from git, as other tools do with their caches: what it holds is one machine's own.

    A `.gitignore` that is there already says what its writer means. Raises OSError.
    """
    if directory.name != OWN_DIRECTORY:
        return
    with suppress(FileExistsError), (directory / ".gitignore").open("x", encoding="utf-8") as file:
        file.write("# Made by infractl: this machine's own, not to be committed.\n*\n")


def remove_file(path: Path) -> None:
    """Remove `path`, durably, if it is there."""
    if path.exists():
        path.unlink()
        sync_directory(path.parent)


def sweep(directory: Path) -> None:
    """Remove what a writer left that was killed. Only for whoever keeps all other writers out of the directory."""
    for leftover in directory.glob(".*.tmp"):
        leftover.unlink(missing_ok=True)


def sync_directory(path: Path) -> None:
    """Make the directory's entries durable, as fsync does for a file's content."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def guarded(path: Path, *, shared: bool = False, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Keep other processes and threads out while the block runs, by `flock` on a file of its own; waits for its turn.

    It is for moments between two file operations; where it takes longer, `waiting` is told that the turn is another's. The kernel
    drops it when the process dies.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise write_failed(path, error) from error
    try:
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(descriptor, how | (fcntl.LOCK_NB if waiting else 0))
        except BlockingIOError:
            if waiting:
                waiting()
            fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)
