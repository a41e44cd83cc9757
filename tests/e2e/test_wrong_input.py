"""What a new user gets wrong, through the real command line: one clear error each, and no traceback."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

GOOD = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {name: scores}
spec: {model: {uri: one.onnx, version: "1"}}
"""

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "errors.md").read_text()

Prepare = Callable[[Path], object]


@pytest.mark.parametrize(
    ("prepare", "words", "slug", "place"),
    [
        (lambda p: None, ["plan", "nowhere.yaml"], "file-missing", "nowhere.yaml"),
        (lambda p: (p / "empty").mkdir(), ["plan", "empty"], "no-services", "empty"),
        (lambda p: (p / "s.yaml").write_bytes(bytes(range(256))), ["plan", "s.yaml"], "not-text", "s.yaml"),
        (lambda p: (p / "s.yaml").write_text(GOOD + "\tx: 1\n"), ["plan", "s.yaml"], "yaml-tab", "s.yaml:5:1"),
        (
            lambda p: (p / "s.yaml").write_text(GOOD.replace("metadata", "metdata")),
            ["validate", "s.yaml"],
            "unknown-key",
            "s.yaml:3:1",
        ),
        (
            lambda p: (
                (p / "s.yaml").write_text(GOOD.replace("one", "text")),
                (p / "text.onnx").write_text("I am no model\n" * 50),
            ),
            ["plan", "s.yaml"],
            "model-unreadable",
            "text.onnx",
        ),
        (
            lambda p: (p / "s.yaml").write_text(GOOD.replace("one.onnx", "gone.onnx")),
            ["plan", "s.yaml"],
            "model-missing",
            "s.yaml:4:",
        ),
        (lambda p: None, ["init", "nothing.onnx"], "model-missing", "nothing.onnx"),
        (lambda p: (p / "d").mkdir(), ["init", "d"], "model-", "d"),
        (lambda p: None, ["apply", "missing.json"], "plan-missing", "missing.json"),
        (lambda p: (p / "x.json").write_text("{}"), ["show", "x.json"], "plan-unreadable", "x.json"),
        (lambda p: (p / "s.yaml").write_text(GOOD), ["invoke", "other", "--data", "-"], "service-not-applied", "other"),
        (lambda p: None, ["plann"], "usage", "plann"),
        (lambda p: None, ["plan", "--frobnicate"], "usage", "--frobnicate"),
        (
            lambda p: (
                (p / "s.yaml").write_text(GOOD),
                (p / "infractl.yaml").write_text("project: x\ntargets: {far: {provider: nimbus}}\n"),
            ),
            ["plan", "s.yaml"],
            "provider-not-installed",
            "infractl.yaml:2:",
        ),
    ],
)
def test_wrong_input_gets_one_clear_error_and_exit_code_1(
    folder: Any, prepare: Prepare, words: list[str], slug: str, place: str
) -> None:
    prepare(folder.path)

    done = folder.run(*words, code=1, stdin="{}")

    assert f"error[{slug}" in done.stderr
    assert place in done.stderr
    assert done.stdout == ""
    assert [told for told in re.findall(r"^\w+\[([a-z0-9-]+)\]", done.stderr, re.M) if f"### {told}\n" not in REFERENCE] == []
