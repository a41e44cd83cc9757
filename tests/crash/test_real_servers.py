"""kill -9 at any moment with real model servers on this machine: the next apply leaves one that answers, a destroy none."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.crash.launcher import Death, Launcher
from tests.crash.service import Tally

SEED = os.environ.get("INFRACTL_CRASH_SEED", "20260504")
KILLS_A_ROUND = 3
PLACES = (
    "journal:before",
    "journal:inside",
    "journal:written",
    "document:before",
    "document:after",
    "clear:before",
    "claim:after",
)
BODY = {"inputs": [{"name": "features", "shape": [1, 4], "datatype": "FP32", "data": [[1, 2, 3, 4]]}]}


@pytest.fixture
def local(folder: Any) -> Iterator[Launcher]:
    folder.write()
    started = Launcher(folder.path, folder.environment)
    yield started
    started.close()


@pytest.mark.crash
@pytest.mark.parametrize("number", range(6), ids=lambda number: f"round-{number}")
def test_a_killed_run_with_real_servers_is_taken_up(number: int, folder: Any, local: Launcher, record: Any) -> None:
    draw, tally, version = random.Random(f"{SEED}/{number}"), record(Tally()), 0
    story = [f"INFRACTL_CRASH_SEED={SEED}, round {number}:"]
    try:
        while tally.kills.total() < KILLS_A_ROUND:
            operation = "apply" if version == 0 else draw.choice(["update", "destroy"])
            version = 0 if operation == "destroy" else 1 if version != 1 else 2
            if version:
                folder.write(uri=("one.onnx", "two.onnx")[version - 1], version=str(version))
            words = ("destroy" if operation == "destroy" else "apply", "--auto-approve")
            after_s = draw.uniform(0, 2.0) if draw.random() < 0.5 else None
            death = Death(place="" if after_s else draw.choice(PLACES), nth=draw.randint(1, 6), after_s=after_s)
            ended = local.run(*words, death=death)
            story.append(f"{operation} to {version}, to die at {death}: {ended.code}")
            if ended.killed:
                tally.kills["real servers", operation] += 1
            else:
                assert ended.code == 0, ended.text
            check(folder, local, version, local.run(*words).text)
    except BaseException as error:
        error.add_note("\n".join(story))
        raise


def check(folder: Any, local: Launcher, version: int, text: str) -> None:
    servers = folder.servers()
    if not version:
        assert (servers, folder.run_files()) == ([], []), text
        return
    assert len(servers) == 1, text
    plan = local.run("plan", "--detailed-exitcode")
    assert plan.code == 0, plan.text
    data = folder.path / "request.json"
    data.write_text(json.dumps(BODY))
    answer = local.run("invoke", "scores", "--data", str(data))
    assert answer.code == 0 and f'"model_version": "{version}"' in answer.text, answer.text
