"""kill -9 of a real apply at each point of a provider call: the next apply converges, with one server and no orphan."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest

POINTS = [pytest.param("before", marks=pytest.mark.crash), "after", pytest.param("poll", marks=pytest.mark.crash)]
"""After a request, what it did is written down nowhere: the one of which `make test` kills as well."""


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


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("kind", ["artifact", "server", "route"])
def test_a_killed_first_apply_converges(fragile: Any, kind: str, point: str) -> None:
    fragile.write()

    kill(fragile, f"{kind}:create:{point}", "apply")

    converged(fragile, "1")


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("step", ["artifact:create", "route:update", "artifact:delete"])
def test_a_killed_update_converges(fragile: Any, step: str, point: str) -> None:
    fragile.write()
    fragile.run("apply", "--auto-approve")
    fragile.write(uri="two.onnx", version="2")

    kill(fragile, f"{step}:{point}", "apply")

    converged(fragile, "2")


@pytest.mark.parametrize(
    "step", ["route:delete:after", "server:delete:before", "server:delete:after", "server:delete:poll", "artifact:delete:after"]
)
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


def test_a_service_that_lacks_a_part_is_not_called_healthy(fragile: Any) -> None:
    fragile.write()
    kill(fragile, "route:create:before", "apply")
    first = fragile.run("status").stdout
    fragile.run("apply", "--auto-approve")
    kill(fragile, "server:delete:before", "destroy")

    second = fragile.run("status").stdout

    assert "healthy" not in first and "a run was broken off here" in first
    assert "healthy" not in second and "http://" not in second
