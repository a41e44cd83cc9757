"""The local lock, besides what every store's lock does: whom it names, what does not keep it, and a note that cannot be read."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from infractl.errors import StateError


def test_a_lease_says_who_holds_it(store, key) -> None:
    holder = store.lock(key, "infractl apply").holder

    assert (holder.who, holder.host, holder.pid) == (getpass.getuser(), socket.gethostname(), os.getpid())
    assert holder.command == "infractl apply"
    assert abs(holder.since - datetime.now(UTC)) < timedelta(minutes=1)
    assert abs(psutil.boot_time() + holder.started - psutil.Process().create_time()) < 1
    assert store.holder(key) == holder


def test_a_server_that_the_holder_started_does_not_keep_the_lock(store, key) -> None:
    lease = store.lock(key, "infractl apply")
    server = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
    try:
        lease.release()
        assert store.holder(key) is None
        store.lock(key, "infractl apply").release()
    finally:
        server.communicate(b"\n")


def test_a_note_of_the_holder_that_cannot_be_read_is_an_error(store, key, directory: Path) -> None:
    store.lock(key, "infractl apply").release()
    (directory / "claim.json").write_bytes(b"{")

    with pytest.raises(StateError, match="lock-damaged"):
        store.lock(key, "infractl apply")
