"""One service's lock in a local directory: `flock` on a file of its own, and a claim that names the holder and the epoch.

The kernel drops the lock with the process, so a dead holder never blocks. All but `claimed` runs under the service's guard.
"""

from __future__ import annotations

import fcntl
import json as jsonlib
import os
import resource
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from infractl.domain.address import ServiceKey
from infractl.errors import StateError
from infractl.state.codec import canonical, decode, encode
from infractl.state.file import replace_file, write_failed
from infractl.state.holder import is_alive, lock_held
from infractl.state.store import Holder

OTHER_FILES = 128
"""Descriptors that a command needs besides its locks: its threads' files and connections."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """The newest lease: who took it, and its epoch, which breaking it raises as well. Whether it is held, only `flock` knows."""

    epoch: int
    holder: Holder


class LocalLease:
    """A lock that this process holds, by an open file. Other processes that it starts do not inherit the file."""

    def __init__(self, descriptor: int, claim: Claim) -> None:
        self._descriptor: int | None = descriptor
        self.epoch = claim.epoch
        self.holder = claim.holder

    def release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)


class LocalLock:
    """The lock of `key` in the service's directory."""

    def __init__(self, directory: Path, key: ServiceKey) -> None:
        self._file = directory / "lock"
        self._claim = directory / "claim.json"
        self._key = key

    def take(self, holder: Holder) -> LocalLease:
        """Raises LockHeldError that names the living holder."""
        descriptor = self._open()
        try:
            _make_room(descriptor, self._key)
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            claim = Claim(epoch=self.epoch + 1, holder=holder)
            # No holder outlives a power cut, so that the claim need not either.
            replace_file(self._claim, canonical(encode(claim)), durably=False)
        except BlockingIOError:
            os.close(descriptor)
            raise lock_held(self._key, self._read().holder) from None
        except BaseException:
            os.close(descriptor)
            raise
        return LocalLease(descriptor, claim)

    @property
    def epoch(self) -> int:
        """The newest lease's epoch; 0 where there was none."""
        return self._read().epoch if self._claimed else 0

    def living(self) -> Holder | None:
        """The holder, if it is alive."""
        with suppress(FileNotFoundError), self._file.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return self._read().holder
        return None

    def claimed(self) -> Holder | None:
        """The newest lease's holder, unless it is dead: all that can be known while somebody is under the guard."""
        holder = self._read().holder if self._claimed else None
        return holder if holder and is_alive(holder) is not False else None

    def check(self, epoch: int) -> None:
        """Raise StateError unless `epoch` is the newest lease's."""
        if not 0 < epoch == self.epoch:
            raise StateError.of(
                "state-epoch",
                summary="the lock was lost, so nothing more is written",
                detail=f"its lock was broken: its epoch is {epoch}, and the newest is {self.epoch}",
                at=str(self._key),
                remedy="run the command again once the other run has ended",
            )

    def fence(self, lock_id: str) -> None:
        """Shut the holder `lock_id` out and let the next one in. Raises StateError where another, or nobody, holds the lock."""
        holder = self.living()
        if holder is None or holder.id != lock_id:
            raise StateError.of(
                "lock-other",
                summary="this lock is not held under that id",
                detail=f"{lock_id} was given; it is held by {_name(holder)} under {holder.id}" if holder else "nobody holds it",
                at=str(self._key),
                remedy=f"if that run is to be broken: infractl state unlock {holder.id}"
                if holder
                else "nothing needs to be unlocked",
            )
        # The epoch first: a crash in between leaves a holder that can write nothing, and whose lock can be broken again.
        claim = self._read()
        replace_file(self._claim, canonical(encode(replace(claim, epoch=claim.epoch + 1))))
        replace_file(self._file, b"")

    @property
    def _claimed(self) -> bool:
        """Whether there was a lease. A power cut may leave the file of one without its content."""
        try:
            return self._claim.stat().st_size > 0
        except FileNotFoundError:
            return False

    def _open(self) -> int:
        try:
            return os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise write_failed(self._file, error) from error

    def _read(self) -> Claim:
        try:
            return _decoded(self._claim.read_bytes())
        except (OSError, ValueError) as error:
            raise StateError.of(
                "lock-damaged",
                summary="the note of who holds the lock cannot be read",
                detail=str(error),
                at=str(self._claim),
                remedy=f"make sure that no infractl works on {self._key}, then delete {self._claim}",
            ) from error


@lru_cache(maxsize=1024)
def _decoded(data: bytes) -> Claim:
    """Every write reads the claim anew, and nearly always finds the same."""
    return decode(Claim, jsonlib.loads(data))


def _make_room(descriptor: int, key: ServiceKey) -> None:
    """Keep files free besides the locks, of which each keeps one open: descriptors are numbered without gaps.

    The soft limit is there for programs that cannot tell; the hard one is the user's word. Raises StateError where that is low.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = descriptor + OTHER_FILES
    if soft == resource.RLIM_INFINITY or needed <= soft:
        return
    if hard != resource.RLIM_INFINITY and needed > hard:
        raise StateError.of(
            "open-files",
            summary="this process may not open as many files as it has services to lock",
            detail=f"it may open {hard}, and each lock keeps one open",
            at=str(key),
            remedy="allow it more: ulimit -n 65536; or name fewer services with --service or --label",
        )
    wanted = needed + OTHER_FILES
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _name(holder: Holder) -> str:
    return f"{holder.who} on {holder.host} (pid {holder.pid}, `{holder.command}`)"
