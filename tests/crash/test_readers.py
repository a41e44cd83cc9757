"""Whoever looks while an apply writes sees a whole picture each time: readers wait for nobody and are kept out by nobody."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path

from infractl.applying.connection import Connection
from infractl.applying.settle import replay
from infractl.clock import SystemClock
from infractl.domain.address import Address
from infractl.domain.resource import Resource
from infractl.state.local import LocalStateStore
from infractl.testing.engine import KEY, Engine
from infractl.testing.reference.cloud import Cloud
from infractl.testing.reference.kind import SCHEMAS, ReferenceKind
from infractl.testing.sample import Shelf
from tests.crash.launcher import Launcher
from tests.crash.service import Services

RESOURCES = 60
LIVES = 1
LOOK_EACH_S = 0.005
"""Whoever looks without a pause takes a core from the apply that it looks at."""


def engine_of(cloud: Cloud, state: Path) -> Engine:
    shelf = Shelf()
    kinds = {name: ReferenceKind(name, cloud, shelf, shelf) for name in SCHEMAS}
    return Engine(store=LocalStateStore(state, SystemClock()), connections={"here": Connection.of(kinds, SCHEMAS)})


def many() -> list[Resource]:
    def address(number: int) -> Address:
        return Address(project=KEY.project, environment=KEY.environment, service=KEY.service, kind="endpoint", name=str(number))

    return [Resource(address=address(number), properties={"zone": "one"}) for number in range(RESOURCES)]


def test_a_reader_during_an_apply_of_many_sees_more_and_more_of_it(cloud: Cloud, tmp_path: Path) -> None:
    # Long enough to be looked at, on a busy machine too.
    cloud.delay("endpoint", "create", 0.05)
    applying = multiprocessing.get_context("fork").Process(target=lambda: engine_of(cloud, tmp_path).apply(many()))
    applying.start()
    store, seen = LocalStateStore(tmp_path, SystemClock()), [0]

    while applying.is_alive() or not seen[-1]:
        state, entries, again = store.read(KEY), store.entries(KEY), store.read(KEY)
        if state is not None and state == again:
            after, _ = replay(state, entries)
            seen.append(len(after.resources))
        time.sleep(LOOK_EACH_S)

    assert applying.exitcode == 0
    assert seen == sorted(seen), "what was done was not there any more"
    assert len(set(seen)) > 3, "it was over before anybody could look"
    final = store.read(KEY)
    assert final is not None and len(final.resources) == RESOURCES


def test_state_list_during_changes_never_sees_a_torn_state(launcher: Launcher, cloud: Cloud) -> None:
    services = Services(launcher.project, cloud, ["read-a", "read-b"])
    keys, looks = list(services.keys()), 0
    for version in [1, 2] * LIVES:
        services.declare(version)
        for words in (["apply"], ["destroy"]) if version == 2 else (["apply"],):
            changing = launcher.start(*words, "--auto-approve")
            while not launcher.ended(changing):
                for key in keys:
                    services.store.read(key)
                    services.store.entries(key)
                looked = launcher.run("state", "list")
                assert looked.code == 0, looked.text
                looks += 1
            assert launcher.end(changing).code == 0

    assert looks >= 3 * LIVES
