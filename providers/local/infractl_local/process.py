"""Processes of this machine, told apart by pid and start time, so that a recycled pid is never taken for the one that had it."""

from __future__ import annotations

import fcntl
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from infractl_local.directory import private

SERVER = ("-m", "infractl.runtime")

START_TOLERANCE_S = 2.0
"""A start time is computed from the boot time, which moves by a second when the clock is corrected."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for good: no later one has its pid and its start time."""

    pid: int
    started: float

    @property
    def alive(self) -> bool:
        """Whether the process runs. A child of ours that has ended is let go by asking, so that no zombie stays."""
        if self.exit_status is not None:
            return False
        try:
            process = psutil.Process(self.pid)
            return self._is(process) and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    @property
    def exit_status(self) -> int | None:
        """How the process ended (a signal as a negative number); None where it runs, or was not started by us."""
        started, child = _children.get(self.pid, (0.0, None))
        if child is None or abs(started - self.started) > START_TOLERANCE_S:
            return None
        return child.poll()

    def send(self, number: signal.Signals) -> None:
        """Signal the process, if it is still the one that was meant."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.pid)
            if self._is(process):
                process.send_signal(number)

    def _is(self, process: psutil.Process) -> bool:
        return abs(process.create_time() - self.started) <= START_TOLERANCE_S


_children: dict[int, tuple[float, subprocess.Popen[bytes]]] = {}
"""What this process started, with its start time: only a parent learns its child's exit status."""


def start_server(settings: Path, log: Path) -> Identity:
    """A model server that survives us: own session, no input, output appended to its log. Raises OSError."""
    with open(log, "ab", opener=private) as output:
        child = subprocess.Popen(
            [sys.executable, *SERVER, str(settings)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            umask=0o077,
            close_fds=True,
            start_new_session=True,
        )
    identity = Identity(child.pid, psutil.Process(child.pid).create_time())
    _children[identity.pid] = (identity.started, child)
    return identity


def servers(settings: Path) -> tuple[Identity, ...]:
    """The processes that were started with these settings, whether or not they listen yet."""
    wanted = [*SERVER, str(settings)]
    return tuple(
        Identity(process.pid, process.info["create_time"])
        for process in psutil.process_iter(["cmdline", "create_time"])
        if (process.info["cmdline"] or [])[-len(wanted) :] == wanted
    )


def held(lock: Path) -> bool:
    """Whether a process holds the flock. A server that starts must not meet our probe: ask only of one that has started."""
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def listener(port: int) -> str | None:
    """Who listens on the port, as "nginx (pid 4711)", as far as the system tells us."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port and connection.pid:
            with suppress(psutil.NoSuchProcess):
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return None
