"""Commands about a part of a project: what was not asked for is neither planned nor destroyed."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest


def services(plan: dict[str, Any]) -> dict[str, bool]:
    """The planned services, and whether they stay."""
    return {s["key"]["service"]: s["deployment"] is not None for s in plan["plan"]["services"]}


@pytest.fixture
def applied(folder: Any) -> Any:
    """Two services that run, in a git repository; then one of them loses its document, and the other gets a neighbour."""
    folder.write("scores")
    folder.write("ranks")
    (folder.path / ".gitignore").write_text(".infractl\n")
    for words in (["init", "-q"], ["add", "."], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "two"]):
        subprocess.run(["git", *words], cwd=folder.path, check=True)
    folder.run("apply", "--auto-approve")
    (folder.path / "scores.yaml").unlink()
    folder.write("extra")
    return folder


def test_a_part_of_a_project_is_planned_applied_and_destroyed_alone(applied: Any) -> None:
    assert services(applied.plan()) == {"extra": True, "ranks": True, "scores": False}
    assert services(applied.plan("--service", "extra")) == {"extra": True}
    assert services(applied.plan("--service", "ranks", "--service", "scores")) == {"ranks": True, "scores": False}
    since = applied.plan("--changed-since", "HEAD")
    assert services(since) == {"extra": True, "scores": False}
    assert since["plan"]["selected"] == "--changed-since HEAD: 2 of 3 services"

    unknown = applied.run("plan", "--service", "score", "--out", "plan.json", code=1).stderr
    applied.run("plan", "--service", "extra", "--out", "plan.json")
    beside = applied.run("apply", "plan.json", "--service", "scores", code=1).stderr
    applied.run("apply", "plan.json")
    applied.run("destroy", "--auto-approve", "--service", "ranks")
    left = applied.run("status", "--service", "ranks", "--service", "extra", "--service", "scores").stdout

    assert "plan-selection" in beside
    assert "service-not-found" in unknown and "did you mean scores?" in unknown
    assert "ranks: declared, and not applied yet" in left
    assert "extra: healthy" in left and "scores: healthy" in left
