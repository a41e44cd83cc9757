"""Two processes that want one lock at the same moment: exactly one has it, and the other is told whose it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infractl.testing.reference.cloud import Cloud
from tests.crash.launcher import Launcher
from tests.crash.service import Services

PATIENCE_S = 60.0
RACES = [pytest.param(10, id="10"), pytest.param(200, id="200", marks=pytest.mark.crash)]


@pytest.mark.parametrize("races", RACES)
def test_of_two_that_race_for_a_lock_exactly_one_wins_and_the_other_names_it(
    races: int, launcher: Launcher, cloud: Cloud, tmp_path: Path
) -> None:
    services = Services(launcher.project, cloud, ["raced"])
    services.declare(1)

    for number in range(races):
        race(launcher, tmp_path / str(number), winner_dies=number % 2 == 1)

    services.check_converged(launcher.run("apply", "--auto-approve"), launcher.run("plan", "--detailed-exitcode"))


def race(launcher: Launcher, files: Path, *, winner_dies: bool) -> None:
    """Both stand before the lock until both are there. Who has it holds it, on its way to the provider, until the other ended."""
    start, held = f"{files}-start", f"{files}-held"
    halts = {"lock:before": start, "find:before": held, "read:before": held}
    racers = [launcher.start("apply", "--auto-approve", halts=halts) for _ in range(2)]
    until(lambda: all(Path(f"{start}.reached.{pid}").exists() for pid in racers), "both stand before the lock")

    Path(start).touch()
    until(lambda: any(launcher.ended(pid) for pid in racers), "one has lost")
    loser, winner = sorted(racers, key=launcher.ended, reverse=True)
    lost = launcher.end(loser)
    until(Path(f"{held}.reached.{winner}").exists, "the other has the lock, and works")

    assert lost.code == 3, lost.text
    assert f"(pid {winner}) holds it" in lost.text and "`infractl apply --auto-approve`" in lost.text, lost.text
    assert not launcher.ended(winner)
    if winner_dies:
        launcher.kill(winner)
        assert launcher.end(winner).killed
    else:
        Path(held).touch()
        won = launcher.end(winner)
        assert won.code == 0, won.text


def until(so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not so():
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.001)
