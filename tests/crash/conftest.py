"""A provider that dies or stands still where a test wants it: the local one, wrapped, in a plugin of its own."""

from __future__ import annotations

import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from infractl.testing.plugin import register

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
