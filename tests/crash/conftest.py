"""What dies: the local provider in a plugin that kills its process where a test wants it, and runs at the reference provider.

At the end of a run it shows what was killed where.
"""

from __future__ import annotations

import json
import os
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from infractl.testing.plugin import register
from infractl.testing.reference.cloud import Cloud, running
from tests.crash.launcher import Ended, Launcher
from tests.crash.service import PROJECT, Services, Tally

DAMAGE = ("unreadable", "forgotten", "duplicated")

PLUGIN = textwrap.dedent(
    '''
    """The local provider, whose kinds kill their own process at the KIND:ACTION:POINT of CRASH, or wait at that of HOLD."""
    import os, pathlib, signal, time
    from types import SimpleNamespace
    from infractl_local.provider import provider as local

    def reach(kind, action, point):
        here = f"{kind}:{action}:{point}"
        if os.environ.get("CRASH") == here:
            os.kill(os.getpid(), signal.SIGKILL)
        where, _, flag = os.environ.get("HOLD", "").partition("@")
        if where == here:
            pathlib.Path(flag + ".reached").touch()
            while not os.path.exists(flag):
                time.sleep(0.02)

    class Fragile:
        def __init__(self, name, kind):
            self.name, self.kind = name, kind
        def __getattr__(self, attribute):
            return getattr(self.kind, attribute)
        def begin(self, step):
            reach(self.name, step.action.value, "before")
            pending = self.kind.begin(step)
            reach(self.name, step.action.value, "after")
            return pending
        def poll(self, pending):
            reach(self.name, pending.action.value, "poll")
            return self.kind.poll(pending)

    provider = SimpleNamespace(
        name="fragile", contract=local.contract, settings=local.settings, kinds=local.kinds,
        offers=local.offers, compile=local.compile,
        connect=lambda target, context: {n: Fragile(n, k) for n, k in local.connect(target, context).items()},
    )
    '''
)


@pytest.fixture
def fragile(folder: Any, tmp_path: Path) -> Any:
    """The folder, with a target whose provider can be told to die or to stand still."""
    plugins = tmp_path / "plugins"
    register(plugins, "fragile", "fragile:provider")
    (plugins / "fragile.py").write_text(PLUGIN)
    (folder.path / "infractl.yaml").write_text("project: testing\ntargets: {local: {provider: fragile}}\n")
    folder.environment["PYTHONPATH"] = str(plugins)
    return folder


class Held:
    """A command that stands still at a point until it is let go."""

    def __init__(self, folder: Any, flag: Path, point: str, *words: str) -> None:
        self._flag = flag
        folder.environment["HOLD"] = f"{point}@{flag}"
        self.process = folder.start(*words)
        del folder.environment["HOLD"]
        reached, deadline = Path(f"{flag}.reached"), time.monotonic() + 60
        while not reached.exists():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline, f"{point} was never reached"
            time.sleep(0.02)

    def let_go(self) -> tuple[int, str, str]:
        self._flag.touch()
        out, errors = self.process.communicate(timeout=60)
        return self.process.returncode, out, errors


@pytest.fixture
def hold(fragile: Any, tmp_path: Path) -> Any:
    """`hold("route:create:before", "apply", "--auto-approve")`: the command, once it stands there."""

    def start(point: str, *words: str) -> Held:
        return Held(fragile, tmp_path / "let-go", point, *words)

    return start


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A process of the reference provider, which outlives all that is killed."""
    with running(tmp_path_factory.mktemp("cloud")) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def launcher(
    cloud: Cloud, tmp_path_factory: pytest.TempPathFactory, make_mlp: Callable[..., Path], cache: Path
) -> Iterator[Launcher]:
    """Runs in a project whose one target is the reference provider."""
    project = tmp_path_factory.mktemp("killed") / "project"
    project.mkdir()
    for seed, name in enumerate(("one", "two"), start=1):
        make_mlp(project / f"{name}.onnx", (4, 8, 2), seed=seed)
    target = f"{{provider: reference, directory: {cloud.directory}}}"
    (project / "infractl.yaml").write_text(f"project: {PROJECT}\ntargets: {{cloud: {target}}}\n")
    Services(project, cloud, ["first"]).declare(1)
    plugins = register(tmp_path_factory.mktemp("plugins"))
    started = Launcher(project, {**os.environ, "INFRACTL_CACHE": str(cache), "PYTHONPATH": str(plugins)})
    yield started
    started.close()


@pytest.fixture(scope="session")
def undisturbed(launcher: Launcher, cloud: Cloud) -> Mapping[str, Ended]:
    """How each operation ends, and what it passes on its way, when nobody kills it."""
    services = Services(launcher.project, cloud, ["undisturbed"])
    services.declare(1)
    ends = {"apply": launcher.run("apply", "--auto-approve")}
    services.declare(2)
    ends["update"] = launcher.run("apply", "--auto-approve")
    services.check_converged(ends["update"], launcher.run("plan", "--detailed-exitcode"))
    ends["destroy"] = launcher.run("destroy", "--auto-approve")
    return ends


@pytest.fixture
def record(record_property: Callable[[str, object], None]) -> Iterator[Callable[[Tally], Tally]]:
    """Puts a test's tally into the table at the end, however the test ends."""
    tallies: list[Tally] = []

    def keep(tally: Tally) -> Tally:
        tallies.append(tally)
        return tally

    yield keep
    for tally in tallies:
        record_property("crash", tally.told())


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [r for group in terminalreporter.stats.values() for r in group if getattr(r, "when", "") == "teardown"]
    told = [json.loads(value) for r in reports for name, value in r.user_properties if name == "crash"]
    kills: Counter[tuple[str, str]] = Counter()
    for tally in told:
        kills.update({(place, operation): count for place, operation, count in tally["kills"]})
    if not kills:
        return
    operations = sorted({operation for _, operation in kills})
    terminalreporter.section("killed with -9")
    terminalreporter.write_line(f"{'':<24}" + "".join(f"{operation:>9}" for operation in operations))
    for place in sorted({place for place, _ in kills}):
        counts = "".join(f"{kills[place, operation]:>9}" for operation in operations)
        terminalreporter.write_line(f"{place:<24}{counts}")
    damage = ", ".join(f"{sum(tally[sort] for tally in told)} {sort}" for sort in DAMAGE)
    terminalreporter.write_line(f"{kills.total()} kills: {damage}")
