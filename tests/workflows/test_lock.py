"""Waiting for a lock: as long as was asked for, with word of who holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infractl.cli.parameter import patience
from infractl.errors import LockHeldError, UsageError
from infractl.state.local import LocalStateStore
from infractl.workflows.lock import IMPATIENT, LONGEST_PAUSE_S, Patience, lock
from infractl.workflows.state import unlock
from infractl.workflows.workspace import Workspace, open_project


@dataclass
class Clock:
    """Goes on when somebody sleeps, and calls `asleep` then."""

    asleep: Callable[[], None] = lambda: None
    pauses: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        return sum(self.pauses)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.asleep()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def workspace(tmp_path: Path, clock: Clock) -> Workspace:
    (tmp_path / "infractl.yaml").write_text("project: testing\n")
    return Workspace(loaded=open_project(tmp_path, None).loaded, whole=True, clock=clock)


@pytest.fixture
def other(tmp_path: Path, clock: Clock) -> LocalStateStore:
    return LocalStateStore(tmp_path / ".infractl" / "state", clock)


def test_who_is_not_patient_is_refused_at_once(workspace: Workspace, other: LocalStateStore, clock: Clock) -> None:
    key = workspace.key("scores")
    lease = other.lock(key, "infractl apply")

    with pytest.raises(LockHeldError, match=lease.holder.id):
        lock(workspace, key, IMPATIENT, since=0.0)
    assert clock.pauses == []


def test_a_lock_that_is_given_back_in_time_is_taken(workspace: Workspace, other: LocalStateStore, clock: Clock) -> None:
    key, told = workspace.key("scores"), list[str]()
    lease = other.lock(key, "infractl apply")
    clock.asleep = lambda: lease.release() if clock.monotonic() > 5 else None

    taken = lock(workspace, key, Patience(limit_s=30.0, tell=told.append), since=0.0)

    assert taken.epoch == lease.epoch + 1
    (line,) = told
    assert "scores: waiting for its lock, at most 30s" in line and f"pid {lease.holder.pid}" in line
    assert all(pause <= LONGEST_PAUSE_S for pause in clock.pauses)


def test_a_lock_that_is_held_too_long_is_refused_with_its_newest_holder(
    workspace: Workspace, other: LocalStateStore, clock: Clock
) -> None:
    key, told = workspace.key("scores"), list[str]()
    leases = [other.lock(key, "infractl apply")]

    def change_hands() -> None:
        if len(leases) == 1:
            leases[0].release()
            leases.append(other.lock(key, "infractl destroy"))

    clock.asleep = change_hands
    with pytest.raises(LockHeldError, match="infractl destroy"):
        lock(workspace, key, Patience(limit_s=3.0, tell=told.append), since=0.0)

    assert clock.monotonic() == pytest.approx(3.0)
    assert [("infractl destroy" in line) for line in told] == [False, True]


def test_the_time_counts_for_all_locks_of_a_command(workspace: Workspace, other: LocalStateStore, clock: Clock) -> None:
    key = workspace.key("scores")
    other.lock(key, "infractl apply")
    clock.sleep(30.0)

    with pytest.raises(LockHeldError):
        lock(workspace, key, Patience(limit_s=30.0, tell=lambda _: None), since=0.0)
    assert clock.monotonic() == 30.0


def test_a_time_without_a_unit_is_refused() -> None:
    with pytest.raises(UsageError, match="lock-timeout"):
        patience("30")


def test_one_id_breaks_all_locks_of_the_run_that_has_it_and_of_no_other(workspace: Workspace, other: LocalStateStore) -> None:
    asked: list[str] = []
    first, second = (other.lock(workspace.key(name), "infractl apply") for name in ("ranks", "scores"))
    others = other.lock(workspace.key("words"), "infractl destroy")

    unlock(workspace, second.holder.id, lambda keys, holder: not asked.extend(key.service for key in keys))

    assert asked == ["ranks", "scores"]
    assert list(other.held("testing", "default").values()) == [others.holder]
    first.release(), second.release()
