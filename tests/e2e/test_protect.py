"""A protected service: nothing destroys it by accident, whoever asks and however."""

from __future__ import annotations

from typing import Any

import pytest

PROTECTED = "  lifecycle: {protect: true}\n"


@pytest.fixture
def protected(folder: Any) -> Any:
    folder.write(extra=PROTECTED)
    folder.run("apply", "--auto-approve")
    return folder


def test_a_protected_service_is_not_destroyed_before_the_protection_is_taken_off(protected: Any) -> None:
    refused = protected.run("destroy", "--auto-approve", code=6).stderr
    assert "service-protected" in refused and "protect: false" in refused
    assert len(protected.servers()) == 1

    part = protected.run("destroy", "--target", "scores.route.main", "--auto-approve", code=6).stderr
    assert "service-protected" in part and len(protected.servers()) == 1

    protected.write(extra=PROTECTED.replace("true", "false"))
    assert "service-protected" in protected.run("destroy", "--auto-approve", code=6).stderr
    protected.run("apply", "--auto-approve")
    protected.run("destroy", "--auto-approve")

    assert protected.servers() == []


def test_a_protected_service_whose_document_is_gone_stays_and_so_does_what_a_plan_says(protected: Any) -> None:
    (protected.path / "scores.yaml").unlink()

    for words in (["plan"], ["apply", "--auto-approve"]):
        assert "service-protected" in protected.run(*words, code=6).stderr
    assert len(protected.servers()) == 1


def test_what_is_not_enforced_yet_is_a_line_of_its_own_while_something_changes(folder: Any) -> None:
    folder.write(extra="  serving: {auth: {apiKeys: {env: KEYS}}, timeout: 2s}\n  rollout: {bake: 1m, strategy: canary}\n")

    text = folder.run("plan").stdout
    assert "Note: scores: nothing enforces this yet: spec.serving.auth\n" in text
    assert "Note: scores: not acted on yet: spec.serving (timeout), spec.rollout (strategy, bake)\n" in text

    folder.run("apply", "--auto-approve")
    assert "yet" not in folder.run("plan").stdout
