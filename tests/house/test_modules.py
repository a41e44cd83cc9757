"""The house rules that a reader feels: short modules, short functions, names that say something, rooms that say what they are."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE_LINES = 400
FUNCTION_LINES = 60
EMPTY_NAMES = {"utils", "util", "common", "helper", "helpers", "base", "impl", "manager", "managers", "misc"}

MODULES = sorted((*ROOT.glob("infractl/**/*.py"), *ROOT.glob("providers/*/infractl_*/**/*.py")))
PACKAGES = [m for m in MODULES if m.name == "__init__.py"]


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_the_modules_are_found() -> None:
    assert {"infractl/errors.py", "providers/local/infractl_local/__init__.py"} <= set(map(place, MODULES))


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_a_module_is_at_most_400_lines_long(module: Path) -> None:
    lines = len(module.read_text().splitlines())

    assert lines <= MODULE_LINES, f"{lines} lines: it is usually two things"


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_a_function_is_at_most_60_lines_long(module: Path) -> None:
    long = {f.name: lines for f in functions(module) if (lines := (f.end_lineno or f.lineno) - f.lineno + 1) > FUNCTION_LINES}

    assert not long, "too long, in lines; it is usually two things"


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_a_name_on_the_path_says_something(module: Path) -> None:
    words = {word for part in module.relative_to(ROOT).with_suffix("").parts for word in part.split("_")}

    assert not words & EMPTY_NAMES, "name it after what it is or does"


@pytest.mark.parametrize("module", MODULES, ids=place)
def test_a_module_opens_by_saying_what_it_is(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text())), "one or two sentences: what lives here, what does not"


@pytest.mark.parametrize("package", PACKAGES, ids=place)
def test_an_init_holds_a_docstring_and_nothing_else(package: Path) -> None:
    _, *rest = ast.parse(package.read_text()).body
    if package == ROOT / "infractl" / "__init__.py":
        rest = [node for node in rest if not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__")]

    assert not rest, "import from the module you mean"
