"""A server's directory: the lock that makes it the only one, the control socket, and the record that tells others where it is."""

from __future__ import annotations

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path

from infractl.protocol.control import socket_address
from infractl.protocol.settings import LOCK_FILE, RECORD_FILE, SOCKET_FILE, ServerRecord, dumps


def take_lock(directory: Path) -> int | None:
    """A descriptor that holds the lock until the process ends; None where another process holds it."""
    descriptor = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def listen_for_control(directory: Path) -> socket.socket:
    """The control socket, which only its user can reach. Only the lock's holder may call: a socket that is there is stale."""
    (directory / SOCKET_FILE).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # The mode must be right from the first moment on, so it is not changed after.
    umask = os.umask(0o177)
    try:
        with socket_address(directory / SOCKET_FILE) as address:
            listener.bind(address)
    finally:
        os.umask(umask)
    listener.listen()
    return listener


def write_record(directory: Path, record: ServerRecord) -> None:
    """Whole or not at all: readers never see half of it."""
    path = directory / RECORD_FILE
    temporary = path.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(dumps(record))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def clear(directory: int) -> None:
    """Remove what says that a server runs here. By descriptor: the directory may be moved, and its path be another server's."""
    for name in (RECORD_FILE, SOCKET_FILE):
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=directory)
