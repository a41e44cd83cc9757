"""The schemas in the repository are those that the code makes now. INFRACTL_GOLDENS=1 and `make schemas` rewrite them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "schemas"


def test_the_schemas_are_fresh_and_there_are_no_others() -> None:
    spec = importlib.util.spec_from_file_location("generate_schemas", FOLDER / "generate.py")
    assert spec and spec.loader
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    made = {name: generate.text(schema) for name, schema in generate.schemas().items()}
    if os.environ.get("INFRACTL_GOLDENS"):
        for name, text in made.items():
            (FOLDER / name).write_text(text, encoding="utf-8")

    found = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert sorted(found) == sorted(made)
    assert [name for name in made if found[name] != made[name]] == [], "make schemas writes them anew"
