"""kill -9 at hundreds of moments of apply, update, destroy and of what follows: nothing is unreadable, forgotten or made twice.

A round is a service's life of a few kills, and can be repeated alone: its draws depend on INFRACTL_CRASH_SEED and its number.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pytest

from infractl.testing.reference.cloud import Cloud
from infractl.testing.reference.kind import SCHEMAS
from tests.crash.launcher import Death, Ended, Launcher
from tests.crash.service import ACTIONS, Services, Tally

SEED = os.environ.get("INFRACTL_CRASH_SEED", "20260504")
KILLS_A_ROUND = 5
QUICK_ROUNDS, ROUNDS = 3, 70
"""The first ones are in `make test`; `make crash` runs the others."""
DELAYS_S = (0.0, 0.0, 0.02, 0.05, 0.2)
"""How long an operation takes."""

SORTS: Mapping[str, tuple[str, ...]] = {
    "any moment": (),
    "before the request": ("request:before",),
    "before the answer": ("request:sent",),
    "while polling": ("poll:before", "poll:sent"),
    "while reading back": ("read:before", "read:sent", "find:sent"),
    "before a journal write": ("journal:before",),
    "inside a journal write": ("journal:inside",),
    "after a journal write": ("journal:written", "journal:synced"),
    "inside the fold": (
        *("copy:before", "copy:after", "document:before", "document:after", "clear:before", "clear:after"),
        *("marker:before", "marker:after", "document:unlink", "document:unlinked", "marker:unlink", "marker:unlinked"),
    ),
    "while locking": ("claim:before", "claim:after", "lock:before"),
}
ROUND_IDS = [pytest.param(n, id=f"round-{n}", marks=[pytest.mark.crash] if n >= QUICK_ROUNDS else []) for n in range(ROUNDS)]


@dataclass
class Life:
    """One round: the services, the draws, and the story so far, which a failure tells."""

    launcher: Launcher
    services: Services
    draw: random.Random
    undisturbed: Mapping[str, Ended]
    story: list[str] = field(default_factory=list)

    def live(self) -> None:
        while self.services.tally.kills.total() < KILLS_A_ROUND:
            self.change()

    def change(self) -> None:
        """One change that is killed, perhaps once more while it is taken up again, and then let be."""
        before, services = self.services.version, self.services
        mark = len(services.cloud.log())
        operation = "apply" if before is None else self.draw.choice(["update", "update", "destroy"])
        if operation == "destroy":
            services.version = None
        else:
            services.declare(1 if before != 1 else 2)
        self.kill(operation, operation)
        if self.draw.random() < 0.3:
            self.kill(operation, "resume")
        straight = self.draw.random() < 0.85
        if not straight:
            # Whoever comes back may want something else by now.
            operation = "destroy" if services.version is not None else "apply"
            services.version = None
            if operation == "apply":
                services.declare(self.draw.choice([1, 2]))
        ended = self.run(operation)
        services.check_converged(ended, self.launcher.run("plan", "--detailed-exitcode"))
        if straight:
            services.check_log(services.cloud.log()[mark:], before)

    def kill(self, operation: str, when: str) -> None:
        sort, death = self.death(operation)
        ended = self.run(operation, death)
        if ended.killed:
            self.services.tally.kills[sort, when] += 1
            self.services.check_survived(ended)
        else:
            assert ended.code == 0, ended.text

    def death(self, operation: str) -> tuple[str, Death]:
        usual = self.undisturbed[operation]
        while True:
            sort = self.draw.choice(list(SORTS))
            if sort == "any moment":
                return sort, Death(after_s=self.draw.uniform(0, usual.took_s))
            if places := [place for place in SORTS[sort] if usual.passed.get(place)]:
                place = self.draw.choice(places)
                most = usual.passed[place] * len(self.services.names)
                return sort, Death(place=place, nth=self.draw.randint(1, most))

    def run(self, operation: str, death: Death | None = None) -> Ended:
        began_s = time.monotonic()
        ended = self.launcher.run("destroy" if operation == "destroy" else "apply", "--auto-approve", death=death)
        fate = f"to die at {death}" if death else "let be"
        took_s = time.monotonic() - began_s
        self.story.append(f"{operation} to {self.services.version}, {fate}: {ended.code} after {took_s:.1f} s")
        return ended


@pytest.mark.parametrize("number", ROUND_IDS)
def test_a_killed_run_is_taken_up_where_it_ended(
    number: int, launcher: Launcher, cloud: Cloud, undisturbed: Mapping[str, Ended], record: Callable[[Tally], Any]
) -> None:
    draw = random.Random(f"{SEED}/{number}")
    names = [f"round-{number}-{letter}" for letter in "ab"[: draw.choice([1, 1, 2])]]
    for kind, action in product(SCHEMAS, ACTIONS.values()):
        cloud.delay(kind, action, draw.choice(DELAYS_S))
    life = Life(launcher, Services(launcher.project, cloud, names, record(Tally())), draw, undisturbed)
    try:
        life.live()
    except BaseException as error:
        error.add_note("\n".join([f"INFRACTL_CRASH_SEED={SEED}, round {number}:", *life.story]))
        raise


def test_what_is_still_being_made_when_its_maker_dies_is_not_called_done(launcher: Launcher, cloud: Cloud) -> None:
    services = Services(launcher.project, cloud, ["slow"])
    services.declare(1)
    for kind, action in product(SCHEMAS, ACTIONS.values()):
        cloud.delay(kind, action, 0.0)
    cloud.delay("endpoint", "create", 4.0)

    killed = launcher.run("apply", "--auto-approve", death=Death(place="request:sent", nth=3))
    ended = launcher.run("apply", "--auto-approve")

    assert killed.killed and cloud.log()[-1]["event"] == "ended"
    services.check_converged(ended, launcher.run("plan", "--detailed-exitcode"))
