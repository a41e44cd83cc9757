"""kill -9 of a real apply at each point of a provider call: the next apply converges, with one server and no orphan."""

from __future__ import annotations

import json
import signal
import textwrap
from pathlib import Path
from typing import Any

import pytest

PLUGIN = textwrap.dedent(
    '''
    """The local provider, whose kinds kill their own process at the point that CRASH names: KIND:ACTION:POINT."""
    import os, signal
    from types import SimpleNamespace
    from infractl_local.provider import provider as local

    def die_at(kind, action, point):
        if os.environ.get("CRASH") == f"{kind}:{action}:{point}":
            os.kill(os.getpid(), signal.SIGKILL)

    class Fragile:
        def __init__(self, name, kind):
            self.name, self.kind = name, kind
        def __getattr__(self, attribute):
            return getattr(self.kind, attribute)
        def begin(self, step):
            die_at(self.name, step.action.value, "before")
            pending = self.kind.begin(step)
            die_at(self.name, step.action.value, "after")
            return pending
        def poll(self, pending):
            die_at(self.name, pending.action.value, "poll")
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
    """The folder, with a target whose provider can be told to die."""
    plugins = tmp_path / "plugins"
    info = plugins / "fragile-1.0.dist-info"
    info.mkdir(parents=True)
    (plugins / "fragile.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fragile\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[infractl.providers]\nfragile = fragile:provider\n")
    (folder.path / "infractl.yaml").write_text("project: testing\ntargets: {local: {provider: fragile}}\n")
    folder.environment["PYTHONPATH"] = str(plugins)
    return folder


def kill(folder: Any, point: str, *words: str) -> None:
    folder.environment["CRASH"] = point
    try:
        done = folder.run(*words, "--auto-approve", code=None)
    finally:
        del folder.environment["CRASH"]
    assert done.returncode == -signal.SIGKILL, f"{point} was never reached: {done.stdout}{done.stderr}"


def converged(folder: Any, version: str) -> None:
    folder.run("apply", "--auto-approve")
    assert len(folder.servers()) == 1
    assert folder.run("plan", "--detailed-exitcode").stdout.startswith("No changes.")
    body = {"inputs": [{"name": "features", "shape": [1, 4], "datatype": "FP32", "data": [[1, 2, 3, 4]]}]}
    answer = json.loads(folder.run("invoke", "scores", "--data", "-", stdin=json.dumps(body)).stdout)
    assert answer["model_version"] == version
    state = folder.path / ".infractl" / "state" / "testing" / "default" / "scores" / "state.json"
    addresses = [tuple(r["address"].values()) for r in json.loads(state.read_text())["body"]["resources"]]
    assert len(addresses) == len(set(addresses)) == 3


@pytest.mark.parametrize("point", ["before", "after", "poll"])
@pytest.mark.parametrize("kind", ["artifact", "server", "route"])
def test_a_killed_first_apply_converges(fragile: Any, kind: str, point: str) -> None:
    fragile.write()

    kill(fragile, f"{kind}:create:{point}", "apply")

    converged(fragile, "1")


@pytest.mark.parametrize("point", ["before", "after", "poll"])
@pytest.mark.parametrize("step", ["artifact:create", "route:update", "artifact:delete"])
def test_a_killed_update_converges(fragile: Any, step: str, point: str) -> None:
    fragile.write()
    fragile.run("apply", "--auto-approve")
    fragile.write(uri="two.onnx", version="2")

    kill(fragile, f"{step}:{point}", "apply")

    converged(fragile, "2")


@pytest.mark.parametrize("step", ["route:delete:after", "server:delete:before", "server:delete:poll", "artifact:delete:after"])
def test_a_killed_destroy_is_finished_by_the_next_one(fragile: Any, step: str) -> None:
    fragile.write()
    fragile.run("apply", "--auto-approve")

    kill(fragile, step, "destroy")
    fragile.run("destroy", "--auto-approve")

    assert fragile.servers() == []
    assert fragile.run_files() == []


def test_a_plan_after_a_crash_says_what_is_open(fragile: Any) -> None:
    fragile.write()
    kill(fragile, "server:create:after", "apply")

    plan = fragile.run("plan").stdout

    assert "an earlier run did not see the end of: " in plan
    assert "create scores.server.main" in plan
