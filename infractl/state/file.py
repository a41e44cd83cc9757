"""Files that are whole or not there: durable replacement, durable directories, and a short lock between processes."""

from __future__ import annotations

import fcntl
import math
import os
import secrets
import shlex
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from infractl.errors import StateError

OWN_DIRECTORY = ".infractl"
"""Where a project's stores lie unless infractl.yaml says otherwise."""

_TRY_EVERY_S = 0.005


def replace_file(path: Path, data: bytes, mode: int = 0o600, *, durably: bool = True) -> None:
    """Make `data` the content of `path`: a reader, or a crash, finds the old content or the new. Raises StateError.

    Where that need not be durable, a power cut may leave the old content or an empty file.
    """
    with replacement(path, mode, content=durably, entry=durably) as file:
        file.write(data)


@contextmanager
def replacement(path: Path, mode: int = 0o600, *, content: bool = True, entry: bool = True) -> Iterator[BinaryIO]:
    """A new file beside `path`, which takes its place when the block ends well, and is gone when it does not.

    Its content is made durable, and then its entry in the directory; a caller that changes more there does the latter itself.
    Raises StateError where the disk refuses: what was there before is unchanged then.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode), "wb") as file:
            yield file
            file.flush()
            if content:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            raise write_failed(path, error) from error
        raise
    if entry:
        try:
            sync_directory(path.parent)
        except OSError as error:
            raise write_failed(path, error) from error


def write_failed(path: Path, error: OSError) -> StateError:
    return StateError.of(
        "state-write-failed",
        summary="a file could not be written; what it held before is unchanged",
        detail=f"{path}: {error.strerror or error}",
        at=str(path),
        remedy="make room on the disk, or make the directory writable, then run the command again",
    )


def read_failed(path: Path, error: OSError) -> StateError:
    directory = isinstance(error, IsADirectoryError)
    return StateError.of(
        "state-unreadable",
        summary="a state file cannot be read",
        detail=f"{path}: {'it is a directory, and a file belongs there' if directory else error.strerror}",
        at=str(path),
        remedy=f"move the directory away: {moved_away(path)}"
        if directory
        else "make it readable for the user that runs infractl",
    )


def moved_away(path: Path) -> str:
    return shlex.join(["mv", str(path), f"{path}.damaged"])


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


class GuardHeldError(StateError):
    """Another process stays where it may only be for a moment."""


@contextmanager
def guarded(path: Path, *, longest_s: float = math.inf, waiting: Callable[[], None] | None = None) -> Iterator[None]:
    """Keep other processes and threads out while the block runs, by `flock` on a file of its own; waits for its turn.

    It is for moments between two file operations; where it takes longer, `waiting` is told that the turn is another's. The kernel
    drops it when the process dies. Raises GuardHeldError after `longest_s`: a process that was stopped keeps it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise write_failed(path, error) from error
    try:
        if not _tried(descriptor, fcntl.LOCK_EX):
            if waiting:
                waiting()
            if longest_s == math.inf:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            else:
                _wait_for(descriptor, path, longest_s)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def unguarded(path: Path) -> Iterator[bool]:
    """Whether nobody is inside `guarded`; nobody gets in while the block runs. For readers: waits for nobody, writes nothing."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise read_failed(path, error) from error
    try:
        yield _tried(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, path: Path, longest_s: float) -> None:
    until = time.monotonic() + longest_s
    while not _tried(descriptor, fcntl.LOCK_EX):
        if time.monotonic() > until:
            raise GuardHeldError.of(
                "state-guarded",
                summary="another process hangs in the middle of a write to the state",
                detail=f"it has held {path} for {longest_s:g} s, which takes a moment otherwise",
                at=str(path),
                remedy=f"let that process go on, or end it: {shlex.join(['fuser', '-v', str(path)])} names it",
            )
        time.sleep(_TRY_EVERY_S)


def _tried(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
