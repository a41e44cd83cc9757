"""Why a server did not come up, in words that lead to a remedy."""

from __future__ import annotations

import shlex

from infractl.domain.step import Failed
from infractl_local.directory import ServiceDirectory
from infractl_local.log import last_lines
from infractl_local.process import free, listener

LOCK_HELD = 3
PORT_IN_USE = 4

LINES = 8
"""Enough for the error and the place that it comes from."""


def of_start(
    files: ServiceDirectory, *, host: str, port: int, status: int | None, waited_s: float | None, log_offset: int
) -> Failed:
    """`status` is the process's exit status where it is known, `waited_s` how long one was waited for that never listened."""
    if waited_s is not None:
        return Failed(
            detail=f"the server did not listen within {waited_s:.0f} s and was ended{_said(files, log_offset)}",
            remedy="apply again on a machine that is less busy",
        )
    if status == PORT_IN_USE or (status is None and port and not free(host, port)):
        return _port_in_use(host, port)
    if status == LOCK_HELD:
        names_it = shlex.join(["fuser", "-v", str(files.lock)])
        return Failed(
            detail=f"another process holds {files.lock}",
            remedy=f"end the process that holds the lock, then apply again: {names_it} names it",
        )
    ended = "" if status is None else f" (signal {-status})" if status < 0 else f" (exit status {status})"
    return Failed(
        detail=f"the server ended before it listened{ended}{_said(files, log_offset)}",
        remedy="mend what the server's last lines name, then apply again",
    )


def _port_in_use(host: str, port: int) -> Failed:
    holder = listener(port)
    return Failed(
        detail=f"{host}:{port} is in use" + (f" by {holder}" if holder else ""),
        remedy="give the service another port in infractl.yaml, under the target's `ports`, or stop what uses this one",
    )


def _said(files: ServiceDirectory, log_offset: int) -> str:
    lines = last_lines(files.log, LINES, log_offset)
    return ": " + "\n".join(lines) if lines else ""
