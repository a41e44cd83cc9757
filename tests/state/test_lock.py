"""The local lock, besides what every store's lock does: whom it names, what does not keep it, and a note that cannot be read."""

from __future__ import annotations

import fcntl
import getpass
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from infractl.clock import SystemClock
from infractl.domain.address import ServiceKey
from infractl.errors import LockHeldError, StateError
from infractl.report.state_text import lock_text
from infractl.state.holder import is_alive, this_process


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


def test_a_note_that_a_power_cut_emptied_is_nobodys(store, key, directory: Path) -> None:
    store.lock(key, "infractl apply").release()
    (directory / "claim.json").write_bytes(b"")

    lease = store.lock(key, "infractl apply")

    assert (lease.epoch, store.holder(key)) == (1, lease.holder)


@contextmanager
def stopped_in_a_write(directory: Path) -> Iterator[None]:
    """As if a process had been stopped between two file operations."""
    with (directory / "guard").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def test_a_reader_waits_for_no_process_that_was_stopped_in_a_write(store, key, state, directory: Path) -> None:
    lease = store.lock(key, "infractl apply")
    store.write(key, state(1), expected_serial=0, epoch=lease.epoch)

    with stopped_in_a_write(directory):
        assert store.holder(key) == lease.holder
        assert store.held("shop", "prod") == {key: lease.holder}
        assert (store.read(key), store.entries(key)) == (state(1), ())


def test_a_writer_is_told_whom_it_would_wait_for_without_end(store, key, directory: Path, monkeypatch) -> None:
    monkeypatch.setattr("infractl.state.directory.LONGEST_GUARD_S", 0.02)
    lease = store.lock(key, "infractl apply")

    with stopped_in_a_write(directory), pytest.raises(LockHeldError, match=f"pid {os.getpid()}"):
        store.lock(key, "infractl apply")
    with stopped_in_a_write(directory), pytest.raises(StateError, match=f"state-guarded.*{directory / 'guard'}"):
        store.unlock(key, lease.holder.id)


def test_to_look_who_holds_the_lock_writes_nothing(store, key, directory: Path) -> None:
    lease = store.lock(key, "infractl apply")
    (directory / "guard").chmod(0o400)
    before = {path: path.stat().st_mtime_ns for path in (directory, *directory.iterdir())}

    assert store.holder(key) == lease.holder
    assert {path: path.stat().st_mtime_ns for path in (directory, *directory.iterdir())} == before

    (directory / "guard").unlink()
    assert store.holder(key) is None
    assert not (directory / "guard").exists()


def test_whether_a_holder_is_alive_is_said_as_far_as_it_can_be_seen() -> None:
    here = this_process("infractl apply", SystemClock())

    assert is_alive(here) is True
    assert is_alive(replace(here, started=here.started + 60)) is False, "another process has its number now"
    assert is_alive(replace(here, pid=2**22 + 1)) is False
    assert is_alive(replace(here, host="elsewhere")) is None
    assert is_alive(replace(here, boot="an earlier one")) is None


def test_the_question_before_a_lock_is_broken_names_the_holder_and_whether_it_is_alive() -> None:
    holder = this_process("infractl apply --env prod", SystemClock())
    key = ServiceKey(project="shop", environment="prod", service="fraud")

    text = lock_text([key], holder, is_alive(holder))

    assert "fraud in prod" in text and "infractl apply --env prod" in text
    assert f"{holder.pid}, which is alive on this machine" in text


MANY_LOCKS = """
import resource, sys
from pathlib import Path
from infractl.clock import SystemClock
from infractl.domain.address import ServiceKey
from infractl.errors import StateError
from infractl.state.local import LocalStateStore

soft, hard, services = map(int, sys.argv[2:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
store = LocalStateStore(Path(sys.argv[1]), SystemClock())
leases = []
try:
    for n in range(services):
        leases.append(store.lock(ServiceKey(project="p", environment="e", service=f"s{n}"), "infractl apply"))
        open("/dev/null").close()
except StateError as error:
    print(error.diagnostics[0].slug)
print(len(leases))
"""


def locked(folder: Path, soft: int, hard: int, services: int) -> list[str]:
    words = [sys.executable, "-c", MANY_LOCKS, str(folder), *map(str, (soft, hard, services))]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()


def test_more_services_can_be_locked_than_the_soft_limit_of_open_files_allows(tmp_path: Path) -> None:
    assert locked(tmp_path, 160, 1024, 200) == ["200"]


def test_who_may_not_open_enough_files_is_told_so_while_there_are_some_left(tmp_path: Path) -> None:
    slug, held = locked(tmp_path, 160, 160, 200)

    assert slug == "open-files"
    assert 0 < int(held) < 160
