"""The process: one server for one directory, from its lock to its last answer."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from pathlib import Path

import psutil
import uvloop

from infractl.protocol.settings import ServerRecord, ServerSettings, read_settings
from infractl.runtime import directory as home
from infractl.runtime.app import PublicApp
from infractl.runtime.control import ControlApp
from infractl.runtime.listener import BACKLOG, Listener
from infractl.runtime.metrics import Metrics
from infractl.runtime.releases import Releases

log = logging.getLogger(__name__)

EXIT_STOPPED = 0
EXIT_FAILED = 1
EXIT_ANOTHER_RUNS = 3
EXIT_CANNOT_LISTEN = 4

_LAST_BYTES_S = 1.0


def run(settings_file: Path) -> int:
    """Serve until a signal; the exit status. What keeps it from starting is one line on stderr."""
    try:
        settings = read_settings(settings_file.read_bytes())
        lock = home.take_lock(Path(settings.directory))
    except (OSError, ValueError) as error:
        return _complain(f"cannot start from {settings_file}: {error}", EXIT_FAILED)
    if lock is None:
        return _complain("another server of this directory is running", EXIT_ANOTHER_RUNS)
    try:
        public = _listen(settings.host, settings.port)
    except OSError as error:
        return _complain(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}", EXIT_CANNOT_LISTEN)
    try:
        control = home.listen_for_control(Path(settings.directory))
    except OSError as error:
        return _complain(f"cannot make the control socket in {settings.directory}: {error.strerror}", EXIT_FAILED)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(Server(settings, public, control).run())
    return EXIT_STOPPED


class Server:
    """The parts of a running server, and its end."""

    def __init__(self, settings: ServerSettings, public: socket.socket, control: socket.socket) -> None:
        metrics = Metrics()
        releases = Releases(settings.service, metrics)
        self._settings = settings
        self._directory = Path(settings.directory)
        self._here = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._port: int = public.getsockname()[1]
        self._app = PublicApp(settings.service, releases, metrics)
        self._public = Listener(self._app, public)
        self._control = Listener(ControlApp(releases, self._app.gate), control)
        self._stop = asyncio.Event()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._signalled, number)
        if self._settings.until_stdin_ends:
            loop.add_reader(sys.stdin.fileno(), self._stdin_moved)
        await self._public.open()
        # Before the first answer on the control socket: a server that answers there and has no record has lost it.
        home.write_record(self._directory, self._record())
        await self._control.open()
        log.info("%s listens on %s:%d, process %d", self._settings.service, self._settings.host, self._port, os.getpid())
        await self._stop.wait()
        await self._drain()

    async def _drain(self) -> None:
        deadline_s = time.monotonic() + self._settings.grace_s
        self._app.gate.close()
        self._public.refuse_connections()
        log.info("stopping with %d requests in flight, within %gs", self._app.gate.inside, self._settings.grace_s)
        try:
            await asyncio.wait_for(self._app.gate.emptied(), self._settings.grace_s)
        except TimeoutError:
            log.error("%d requests were not answered in time", self._app.gate.inside)
            self._public.cut_off()
        # The answers have been written, but a slow client may still be reading them.
        last_bytes_s = max(deadline_s - time.monotonic(), _LAST_BYTES_S)
        await asyncio.gather(self._public.close(last_bytes_s), self._control.close(last_bytes_s))
        home.clear(self._here)
        log.info("stopped")

    def _signalled(self, number: int) -> None:
        if self._stop.is_set():
            log.error("stopped at once by a second signal")
            home.clear(self._here)
            os._exit(128 + number)
        self._stop.set()

    def _stdin_moved(self) -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
            self._stop.set()

    def _record(self) -> ServerRecord:
        return ServerRecord(
            service=self._settings.service,
            pid=os.getpid(),
            started=psutil.Process().create_time(),
            host=self._settings.host,
            port=self._port,
            labels=self._settings.labels,
            grace_s=self._settings.grace_s,
        )


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Two servers can bind one port; only one can listen.
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _complain(reason: str, status: int) -> int:
    sys.stderr.write(reason + "\n")
    return status
