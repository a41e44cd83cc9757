"""The places that a process passes, and its death or a halt at one of them: Python's own functions are wrapped, no code of ours.

A place is named by what is about to happen or has just happened on the disk or on the wire. This runs in children alone.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

CALLS = {b'"call": "begin"': "request", b'"call": "poll"': "poll", b'"call": "read"': "read", b'"call": "find"': "find"}
"""How the reference provider's calls look on the wire. Between a request's `sent` and the next thing written lies its answer."""
LINE = b'{"body":{"base":'
"""How a line of the journal begins."""
FILES = {"state.json": "document", "absent.json": "marker", "claim.json": "claim"}
"""The files of a service, by name; any other is a copy in its history."""


class Points:
    """Counts the places as they are passed. At the `nth` time of `die_at` the process kills itself with -9.

    `halts`: at the first time of such a place, the process tells that it is there by a file, and waits for another.
    """

    def __init__(self, die_at: str = "", nth: int = 0, halts: Mapping[str, str] | None = None) -> None:
        self.die_at, self.nth = die_at, nth
        self.halts = dict(halts or {})
        self.passed: Counter[str] = Counter()
        self.guard = threading.RLock()

    def reach(self, place: str) -> None:
        if self.due(place):
            die()
        with self.guard:
            halt = self.halts.pop(place, None)
        if halt is not None:
            Path(f"{halt}.reached.{os.getpid()}").touch()
            while not Path(halt).exists():
                time.sleep(0.001)

    def due(self, place: str) -> bool:
        """Count one more time at the place: is it the one to die at?"""
        with self.guard:
            self.passed[place] += 1
            return place == self.die_at and self.passed[place] == self.nth

    def watch(self, began: Callable[[], None]) -> None:
        """Wrap the functions. `began` is called before the first thing is made durable: the lock is taken with it."""
        self._watch_wire()
        self._watch_journal(began)
        self._watch_files()
        flock = fcntl.flock

        def locking(descriptor: Any, operation: int) -> None:
            if operation & fcntl.LOCK_EX:
                self.reach("lock:before")
            flock(descriptor, operation)

        fcntl.flock = locking

    def _watch_wire(self) -> None:
        sendall = socket.socket.sendall

        def sending(connection: socket.socket, data: bytes, *flags: int) -> None:
            name = next((name for mark, name in CALLS.items() if mark in bytes(data)), "")
            if name:
                self.reach(f"{name}:before")
            sendall(connection, data, *flags)
            if name:
                self.reach(f"{name}:sent")

        socket.socket.sendall = sending  # type: ignore[method-assign,assignment]

    def _watch_journal(self, began: Callable[[], None]) -> None:
        write, fsync, ftruncate, written = os.write, os.fsync, os.ftruncate, threading.local()

        def writing(descriptor: int, data: Any) -> int:
            if not bytes(data).startswith(LINE):
                return write(descriptor, data)
            self.reach("journal:before")
            if self.due("journal:inside"):
                write(descriptor, data[: len(data) // 2])
                die()
            count = write(descriptor, data)
            self.reach("journal:written")
            written.line = True
            return count

        def syncing(descriptor: int) -> None:
            nonlocal began
            began()
            began = _nothing
            fsync(descriptor)
            if getattr(written, "line", False):
                written.line = False
                self.reach("journal:synced")

        def cutting(descriptor: int, length: int) -> None:
            self.reach("clear:before")
            ftruncate(descriptor, length)
            self.reach("clear:after")

        os.write, os.fsync, os.ftruncate = writing, syncing, cutting  # type: ignore[assignment]

    def _watch_files(self) -> None:
        replace, unlink = os.replace, os.unlink

        def replacing(source: Any, target: Any, **options: Any) -> None:
            name = FILES.get(Path(target).name, "copy" if Path(target).parent.name == "history" else "")
            if name:
                self.reach(f"{name}:before")
            replace(source, target, **options)
            if name:
                self.reach(f"{name}:after")

        def unlinking(path: Any, **options: Any) -> None:
            name = FILES.get(Path(path).name, "")
            if name:
                self.reach(f"{name}:unlink")
            unlink(path, **options)
            if name:
                self.reach(f"{name}:unlinked")

        os.replace, os.unlink = replacing, unlinking  # type: ignore[assignment]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _nothing() -> None:
    pass
