"""Who holds a lock, and how that is said to whoever wants it next. The same for every store."""

from __future__ import annotations

import getpass
import os
import socket
import uuid
from pathlib import Path

from infractl.clock import Clock
from infractl.domain.address import ServiceKey
from infractl.errors import LockHeldError
from infractl.state.store import Holder

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def this_process(command: str, clock: Clock) -> Holder:
    """The running process as a holder, under a fresh id."""
    import psutil

    booted = psutil.boot_time()
    return Holder(
        id=str(uuid.uuid4()),
        who=user(),
        host=socket.gethostname(),
        boot=_BOOT_ID.read_text().strip() if _BOOT_ID.exists() else str(booted),
        pid=os.getpid(),
        started=round(psutil.Process().create_time() - booted, 2),
        command=command,
        since=clock.now(),
    )


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
