"""`infractl rollback`: an earlier deployment comes back from the state's history, with the model of then."""

from __future__ import annotations

import re
import shutil
from typing import Any

import pytest

YES = "--auto-approve"


@pytest.fixture
def twice(scene: Any) -> Any:
    """Version 1 was applied, then version 2."""
    scene.write(uri="one.onnx", version="1")
    scene.apply()
    scene.write(uri="two.onnx", version="2")
    scene.apply()
    return scene


def served(scene: Any) -> tuple[str, str]:
    """The version word that the provider's config names, and the model on the disk that it refers to."""
    (endpoint,) = scene.lives("endpoint")
    configs = {f"reference:config/{c['id']}": c for c in scene.lives("config")}
    (variant,) = configs[endpoint["properties"]["config"]]["properties"]["variants"]
    disks = {f"/disks/{d['id']}": d for d in scene.lives("disk")}
    return variant["version"], disks[variant["disk"]]["properties"]["model"]["$blob"]


def test_the_release_before_comes_back_with_its_model_and_nothing_is_read_or_built(twice: Any) -> None:
    before = twice.state()
    first = next(s for s in twice.store().history(before.key) if s.deployment)
    for name in ("one.onnx", "two.onnx", "scores.yaml"):
        (twice.path / name).unlink()

    text = twice.run("rollback", "scores", YES).stdout

    assert f"scores: version 2 -> 1 at there, back to what serial {first.serial} recorded\n" in text
    assert "cost" in text
    assert first.deployment is not None
    assert served(twice) == ("1", first.deployment.stable.artifact.digest)
    assert twice.state().serial == before.serial + 1 and twice.state().lineage == before.lineage


def test_what_is_declared_is_planned_again_and_says_that_it_was_rolled_back(twice: Any) -> None:
    twice.run("rollback", "scores", YES)

    text = twice.run("plan", "--detailed-exitcode", code=2).stdout
    assert "scores: version 1 -> 2 at there" in text
    assert re.search(r"Note: scores: it was rolled back from version 2 to 1 \(serial \d+\)", text)
    assert "rolled back from version 2 to 1" in twice.run("status").stdout

    twice.apply()
    assert served(twice)[0] == "2"
    assert "rolled back" not in twice.run("status").stdout


def test_once_what_it_went_back_to_is_declared_nothing_speaks_of_it_any_more(twice: Any) -> None:
    twice.run("rollback", "scores", YES)
    twice.write(uri="one.onnx", version="1")

    assert twice.run("plan").stdout.startswith("No changes.")
    twice.apply()

    assert twice.state().rollback is None
    assert "rolled back" not in twice.run("status").stdout


def test_a_rollback_is_itself_rolled_back(twice: Any) -> None:
    twice.run("rollback", "scores", YES)
    twice.run("rollback", "scores", YES)

    assert served(twice)[0] == "2"


def test_a_version_is_chosen_by_its_serial_and_one_that_does_not_fit_names_those_that_do(twice: Any) -> None:
    (first,) = (s for s in twice.store().history(twice.state().key) if s.deployment)
    for serial in ("1", str(twice.state().serial), "99"):
        refused = twice.run("rollback", "scores", "--to", serial, YES, code=1).stderr
        at = f"{first.changed_at:%Y-%m-%d %H:%M} UTC"
        assert "rollback-unfit" in refused and f"{first.serial} (version 1, {at})" in refused

    twice.run("rollback", "scores", "--to", str(first.serial), YES)

    assert served(twice)[0] == "1"


def test_it_needs_a_yes(twice: Any) -> None:
    before = twice.state()

    asked = twice.run("rollback", "scores", code=1)

    assert "no-terminal" in asked.stderr and "Plan:" in asked.stdout
    assert twice.state() == before and served(twice)[0] == "2"


def test_a_saved_one_is_carried_out_by_apply_and_is_stale_after_a_change(twice: Any) -> None:
    saved = twice.run("rollback", "scores", "--out", "back.json").stdout
    assert "Plan:" in saved and served(twice)[0] == "2"

    twice.run("apply", "back.json")

    assert served(twice)[0] == "1"
    assert "rolled back from version 2" in twice.run("status").stdout
    assert "plan-stale" in twice.run("apply", "back.json", code=4).stderr


def test_a_model_that_is_not_kept_any_more_is_named(twice: Any) -> None:
    before = twice.state()
    first = next(s for s in twice.store().history(before.key) if s.deployment)
    shutil.rmtree(twice.path / ".infractl" / "artifacts")

    refused = twice.run("rollback", "scores", YES, code=1).stderr

    assert "rollback-artifact" in refused and first.deployment.stable.artifact.digest in refused
    assert twice.state() == before


def test_without_an_earlier_release_or_a_deployment_there_is_nowhere_to_go(scene: Any) -> None:
    scene.write()
    assert "rollback-not-deployed" in scene.run("rollback", "scores", YES, code=1).stderr
    assert not (scene.path / ".infractl" / "state" / "testing").exists()
    scene.apply()

    assert "rollback-nowhere" in scene.run("rollback", "scores", YES, code=1).stderr


def test_a_protection_that_came_later_stays(twice: Any) -> None:
    twice.write(uri="two.onnx", version="2", extra="  lifecycle: {protect: true}\n")
    twice.apply()

    twice.run("rollback", "scores", YES)

    assert served(twice)[0] == "1"
    assert "service-protected" in twice.run("destroy", YES, code=6).stderr
