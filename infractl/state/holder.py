"""Who holds a lock, and how that is said to whoever wants it next. The same for every store."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from functools import cache
from pathlib import Path

from infractl.clock import Clock
from infractl.domain.address import ServiceKey
from infractl.errors import LockHeldError
from infractl.state.store import Holder

_SAME_START_S = 1.0
"""The clock that a start is told by may be set in between."""

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def this_process(command: str, clock: Clock) -> Holder:
    """The running process as a holder, under a fresh id."""
    boot, started = _birth(os.getpid())
    return Holder(
        id=str(uuid.uuid4()),
        who=user(),
        host=socket.gethostname(),
        boot=boot,
        pid=os.getpid(),
        started=started,
        command=command,
        since=clock.now(),
    )


@cache
def _birth(pid: int) -> tuple[str, float]:
    """Of this process: found out once, for all the locks that it takes."""
    started = _started(pid)
    assert started is not None  # it is running
    return _boot(), started


def is_alive(holder: Holder) -> bool | None:
    """Whether the very process that took the lock is there; None where this machine, since its last start, cannot know."""
    if (holder.host, holder.boot) != (socket.gethostname(), _boot()):
        return None
    started = _started(holder.pid)
    return started is not None and abs(started - holder.started) < _SAME_START_S


def _boot() -> str:
    if _BOOT_ID.exists():
        return _BOOT_ID.read_text().strip()
    import psutil

    return str(psutil.boot_time())


def _started(pid: int) -> float | None:
    """Seconds since boot; None where there is no such process.

    Linux is asked itself, by field 22 of /proc/PID/stat (proc(5)): an apply would wait for the import of psutil.
    """
    if _BOOT_ID.exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return None
        return round(int(fields[19]) / os.sysconf("SC_CLK_TCK"), 2)
    import psutil

    try:
        return round(psutil.Process(pid).create_time() - psutil.boot_time(), 2)
    except psutil.NoSuchProcess:
        return None


def lock_held(key: ServiceKey, holder: Holder) -> LockHeldError:
    return LockHeldError.of(
        "lock-held",
        summary="somebody else is changing this service",
        detail=(
            f"{holder.who} on {holder.host} (pid {holder.pid}) holds it since {holder.since:%Y-%m-%d %H:%M:%S %Z} "
            f"for `{holder.command}`; lock {holder.id}"
        ),
        at=str(key),
        remedy=f"wait until that has ended, as --lock-timeout 5m does; if it never will: infractl state unlock {holder.id}",
    )


def user() -> str:
    """The name of who runs this process."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        return f"uid {os.getuid()}"
