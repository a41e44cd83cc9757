"""The example of a provider: small, importing nothing above its floor, and at work under the real command line."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from infractl.testing.plugin import register

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom-provider"
MODULES = sorted((EXAMPLE / "infractl_folder").glob("*.py"))
CODE_LINES = 150
BENEATH = {"domain", "provider", "hardware", "state", "protocol", "errors", "clock", "units", "tensors"}
"""The rooms that a plugin may import from."""


def code_lines(module: Path) -> set[int]:
    """The lines that hold code: neither blank, nor a comment, nor in a docstring."""
    tree = ast.parse(module.read_text())
    texts = {n.value for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    nodes = [n for n in ast.walk(tree) if isinstance(n, ast.expr | ast.stmt | ast.arg)]
    lines = {line for n in nodes for line in (n.lineno, n.end_lineno or n.lineno)}
    told = {line for n in texts for line in range(n.lineno, (n.end_lineno or n.lineno) + 1)}
    return lines - told


def test_it_is_no_more_than_150_lines_of_code() -> None:
    assert sum(len(code_lines(module)) for module in MODULES) <= CODE_LINES


def test_it_imports_nothing_above_the_floor_of_plugins() -> None:
    named = {n.module for m in MODULES for n in ast.walk(ast.parse(m.read_text())) if isinstance(n, ast.ImportFrom)}
    rooms = {name.split(".")[1] for name in named if name and name.startswith("infractl.")}

    assert rooms and rooms <= BENEATH


def test_its_entry_point_is_what_the_tests_use() -> None:
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]

    assert project["entry-points"]["infractl.providers"] == {"folder": "infractl_folder.provider:provider"}


def test_the_guide_shows_its_test_file() -> None:
    guide = (EXAMPLE.parents[1] / "docs" / "guides" / "writing-a-provider.md").read_text()
    shown = re.findall(r"^```python\n.*?^class (.*?)^```$", guide, re.MULTILINE | re.DOTALL)

    assert shown == [(EXAMPLE / "tests" / "test_suite.py").read_text().partition("\nclass ")[2]]


def test_a_service_is_put_into_the_folder_and_taken_out_again(
    folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins = register(tmp_path / "plugins", "folder", "infractl_folder.provider:provider")
    folder.environment["PYTHONPATH"] = f"{plugins}:{EXAMPLE}"
    (folder.path / "infractl.yaml").write_text("project: testing\ntargets: {shelf: {provider: folder, path: served}}\n")
    folder.write()

    folder.run("apply", "--auto-approve")
    (note,) = (folder.path / "served").glob("note-*.json")
    served = json.loads(note.read_text())["properties"]
    assert Path(served["model"]).read_bytes() == (folder.path / "one.onnx").read_bytes()
    assert folder.run("plan", "--detailed-exitcode").stdout.startswith("No changes.")

    folder.write(uri="two.onnx", version="2")
    folder.run("apply", "--auto-approve")
    served = json.loads(note.read_text())["properties"]
    assert served["version"] == "2"
    assert Path(served["model"]).read_bytes() == (folder.path / "two.onnx").read_bytes()

    folder.run("destroy", "--auto-approve")
    assert list((folder.path / "served").iterdir()) == []
