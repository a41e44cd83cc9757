"""Commands about a part of a project: what was not asked for is neither planned nor destroyed."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest


def services(scene: Any, *words: str) -> dict[str, bool]:
    """The planned services, and whether they stay."""
    plan = json.loads(scene.run("plan", "--json", *words).stdout)["plan"]
    return {s["key"]["service"]: s["deployment"] is not None for s in plan["services"]}


@pytest.fixture
def applied(scene: Any) -> Any:
    """Two services that run, in a git repository; then one of them loses its document, and the other gets a neighbour."""
    scene.write("scores")
    scene.write("ranks")
    (scene.path / ".gitignore").write_text(".infractl\n")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "two"]):
        subprocess.run(["git", *words], cwd=scene.path, check=True)
    scene.apply()
    (scene.path / "scores.yaml").unlink()
    scene.write("extra")
    return scene


def test_a_plan_is_of_the_services_that_were_asked_for(applied: Any) -> None:
    assert services(applied) == {"extra": True, "ranks": True, "scores": False}
    assert services(applied, "--service", "extra") == {"extra": True}
    assert services(applied, "--service", "ranks", "--service", "scores") == {"ranks": True, "scores": False}
    assert services(applied, "--changed-since", "HEAD") == {"extra": True, "scores": False}
    assert "Selected: --changed-since HEAD: 2 of 3 services" in applied.run("plan", "--changed-since", "HEAD").stdout


def test_an_unknown_service_is_told_with_the_one_that_was_meant(applied: Any) -> None:
    told = applied.run("plan", "--service", "score", code=1).stderr

    assert "service-not-found" in told and "did you mean scores?" in told


def test_what_was_not_asked_for_goes_on_running(applied: Any) -> None:
    applied.run("apply", "--auto-approve", "--service", "extra")
    applied.run("destroy", "--auto-approve", "--service", "ranks")

    assert applied.lives("endpoint", "extra") and applied.lives("endpoint", "scores")
    assert not applied.lives("endpoint", "ranks")
    left = applied.run("status", "--service", "ranks", "--service", "extra").stdout
    assert "ranks: declared, and not applied yet" in left and "extra: healthy" in left and "scores" not in left


def test_a_saved_plan_is_of_its_services_and_of_no_part_of_them(applied: Any) -> None:
    applied.run("plan", "--service", "extra", "--out", "plan.json")

    beside = applied.run("apply", "plan.json", "--service", "ranks", code=1).stderr
    applied.run("apply", "plan.json")

    assert "plan-selection" in beside
    assert applied.lives("endpoint", "extra") and applied.lives("endpoint", "scores")
