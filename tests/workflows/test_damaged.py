"""A state document that is damaged hides no other service, and all that are damaged are told at once."""

from __future__ import annotations

from typing import Any

import pytest


def test_what_is_not_damaged_is_shown_and_all_that_is_is_told_at_once(damaged: Any) -> None:
    for command in (("status",), ("status", "--json"), ("drift",), ("state", "list"), ("state", "list", "--json")):
        shown = damaged.run(*command, code=1)

        assert "No drift. 1 service" in shown.stdout or "well" in shown.stdout
        assert shown.stderr.count("error[state-empty]") == shown.stderr.count("error[state-foreign]") == 1
        assert shown.stderr.count("error[") == 2

    refused = damaged.run("plan", code=1).stderr
    assert "error[state-empty]" in refused and "error[state-foreign]" in refused


def test_where_all_are_damaged_nobody_is_told_that_nothing_is_recorded(damaged: Any) -> None:
    for command in ("status", "drift"):
        shown = damaged.run(command, "--service", "ill", "--service", "worse", code=1)
        assert shown.stdout == "" and "state-empty" in shown.stderr


@pytest.fixture
def damaged(scene: Any) -> Any:
    """Three services that run, of which two have lost their documents in two ways."""
    for name in ("ill", "worse", "well"):
        scene.write(name)
    scene.apply()
    for name, content in (("ill", b""), ("worse", b"[]")):
        (scene.path / ".infractl/state/testing/default" / name / "state.json").write_bytes(content)
    return scene
