"""Processes of this machine, told apart by pid and start time, so that a recycled pid is never taken for the one that had it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from infractl.protocol.settings import LOCK_FILE
from infractl_local.directory import private

SERVER = ("-m", "infractl.runtime")

LABELS_VARIABLE = "INFRACTL_LABELS"
"""In a server's environment: whose it is, for when the files that say so are removed under it."""

NAMED_WITHIN_S = 1.0
"""A process that was just started has no command line for a moment."""

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

    @property
    def age_s(self) -> float:
        return time.time() - self.started

    def serves(self, settings: Path) -> bool:
        """Whether the process runs and is the server of these settings. Start times alone can be close to each other."""
        try:
            process = psutil.Process(self.pid)
            return self.alive and _serves(process, process.cmdline(), settings)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            return False

    def send(self, number: signal.Signals, settings: Path) -> None:
        """Signal the process, if it is still the one that was meant: the server of these settings."""
        with suppress(psutil.NoSuchProcess):
            if self.serves(settings):
                psutil.Process(self.pid).send_signal(number)

    def _is(self, process: psutil.Process) -> bool:
        return abs(process.create_time() - self.started) <= START_TOLERANCE_S


_children: dict[int, tuple[float, subprocess.Popen[bytes]]] = {}
"""What this process started, with its start time: only a parent learns its child's exit status."""


def start_server(settings: Path, log: Path, labels: Mapping[str, str]) -> Identity:
    """A model server that survives us: own session, no input, output appended to its log. Raises OSError."""
    with open(log, "ab", opener=private) as output:
        child = subprocess.Popen(
            [sys.executable, *SERVER, str(settings)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**os.environ, LABELS_VARIABLE: json.dumps(dict(labels), sort_keys=True)},
            umask=0o077,
            close_fds=True,
            start_new_session=True,
        )
    identity = Identity(child.pid, psutil.Process(child.pid).create_time())
    _children[identity.pid] = (identity.started, child)
    # Whoever looks for the server from now on must find it by its command line.
    deadline_s = time.monotonic() + NAMED_WITHIN_S
    while identity.alive and not identity.serves(settings) and time.monotonic() < deadline_s:
        time.sleep(0.001)
    return identity


def servers(settings: Path) -> tuple[Identity, ...]:
    """The processes that were started with these settings, whether or not they listen yet."""
    return tuple(
        Identity(process.pid, process.info["create_time"])
        for process in psutil.process_iter(["cmdline", "create_time"])
        if _serves(process, process.info["cmdline"] or [], settings)
    )


def labels_of(server: Identity) -> Mapping[str, str]:
    """Whose the server is, as it was told at its start; nothing where that cannot be seen."""
    try:
        return dict(json.loads(psutil.Process(server.pid).environ().get(LABELS_VARIABLE, "{}")))
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError, TypeError):
        return {}


def _serves(process: psutil.Process, command_line: Sequence[str], settings: Path) -> bool:
    """Whether the process was started with these settings, or with those that lay elsewhere before the project was moved.

    Who moves a project moves the open lock of its servers along; who copies it does not.
    """
    *before, told = command_line or [""]
    if tuple(before[-len(SERVER) :]) != SERVER:
        return False
    if told == str(settings):
        return True
    return Path(told).parts[-2:] == settings.parts[-2:] and _has_open(process, settings.with_name(LOCK_FILE))


def _has_open(process: psutil.Process, path: Path) -> bool:
    try:
        return any(Path(file.path) == path for file in process.open_files())
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


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
    return _refusal(host, port) is None


def in_use(host: str, port: int) -> bool:
    """Whether a server cannot listen there because another does; false where the address itself is the obstacle."""
    return _refusal(host, port) == errno.EADDRINUSE


def _refusal(host: str, port: int) -> int | None:
    """The error number that a bind meets; None where it succeeds."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno
    return None


def listener(port: int) -> str | None:
    """Who listens on the port, as "nginx (pid 4711)", as far as the system tells us."""
    return next((name for pid in listeners(port) if (name := named(pid))), None)


def listeners(port: int) -> tuple[int, ...]:
    """The processes that listen on the port at any address, as far as the system tells us."""
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:
        return ()
    listening = (c for c in connections if c.status == psutil.CONN_LISTEN and c.laddr and c.laddr.port == port)
    return tuple(sorted({c.pid for c in listening if c.pid}))


def named(pid: int) -> str | None:
    """The process as "nginx (pid 4711)"; None where it has ended."""
    with suppress(psutil.NoSuchProcess):
        return f"{psutil.Process(pid).name()} (pid {pid})"
    return None
