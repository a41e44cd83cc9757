"""Prints docs/house.md: every room of the house with its own docstring, floor by floor, as import-linter holds them."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

OPENING = """\
# The house

Generated from the rooms' docstrings by `make goldens`; edit those.

A room bears its stage's name. Imports run downwards only: a room may import from the floors beneath it, and rooms on one
floor do not know each other. import-linter holds this (`make lint`). A value that crosses a room's border lives in
`infractl/domain/`.
"""


def main() -> None:
    print(OPENING)
    print("| floor | room | what it is |")
    print("|---|---|---|")
    for number, floor in enumerate(floors()):
        for name, says in floor:
            print(f"| {number} | `{name}` | {says} |")
    print("\nThe plugins stand beside the house: each is a distribution of its own, found by its entry point.\n")
    print("| plugin | what it is |")
    print("|---|---|")
    for package in sorted(ROOT.glob("providers/*/infractl_*/__init__.py")):
        print(f"| `{package.parent.relative_to(ROOT)}/` | {docstring(package)} |")


def floors() -> Iterator[list[tuple[str, str]]]:
    """Rooms and what they say, from the roof down; a room that is not built yet is left out."""
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(contract["layers"] for contract in linter["contracts"] if contract["type"] == "layers")
    for layer in layers:
        rooms = [ROOT / "infractl" / name for name in re.findall(r"\w+", layer)]
        built = [room for room in rooms if (room / "__init__.py").exists() or room.with_suffix(".py").exists()]
        yield [describe(room) for room in built]


def describe(room: Path) -> tuple[str, str]:
    if room.is_dir():
        return f"{room.relative_to(ROOT)}/", docstring(room / "__init__.py")
    module = room.with_suffix(".py")
    return str(module.relative_to(ROOT)), docstring(module)


def docstring(module: Path) -> str:
    """The docstring on one line."""
    return " ".join((ast.get_docstring(ast.parse(module.read_text())) or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    main()
