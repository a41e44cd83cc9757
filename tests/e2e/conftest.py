"""A service at a provider whose objects are files that anybody can edit: the example of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infractl.testing.plugin import register

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom-provider"

LEAVING = '''
"""The folder's provider, whose notes leave `config` to others."""
from infractl.provider.schema import Attribute, Schema
from infractl_folder import kind
kind.SCHEMAS = {**kind.SCHEMAS, "note": Schema({"file": Attribute(computed=True), "config": Attribute(ignored=True)})}
from infractl_folder.provider import FolderProvider
class Leaving(FolderProvider):
    name, kinds = "leaving", kind.SCHEMAS
provider = Leaving()
'''


class Shelf:
    """A folder with the applied service `scores`: a model and a note."""

    def __init__(self, folder: Any, plugins: Path, provider: str) -> None:
        register(plugins, "folder", "infractl_folder.provider:provider")
        register(plugins, "leaving", "leaving:provider")
        (plugins / "leaving.py").write_text(LEAVING)
        folder.environment["PYTHONPATH"] = f"{plugins}:{EXAMPLE}"
        target = f"targets: {{shelf: {{provider: {provider}, path: served}}}}\n"
        (folder.path / "infractl.yaml").write_text(f"project: testing\n{target}")
        folder.write()
        folder.run("apply", "--auto-approve")
        self.path, self.run, self.write, self.command = folder.path, folder.run, folder.write, folder.command
        self.environment = folder.environment

    @property
    def note(self) -> Path:
        (note,) = (self.path / "served").glob("note-*.json")
        return note

    @property
    def model(self) -> Path:
        (model,) = (self.path / "served").glob("model-*.json")
        return model

    def noted(self) -> dict[str, Any]:
        properties: dict[str, Any] = json.loads(self.note.read_text())["properties"]
        return properties

    def edit(self, path: Path, **changed: Any) -> None:
        content = json.loads(path.read_text())
        for part, values in changed.items():
            content[part].update(values)
        path.write_text(json.dumps(content))

    def files(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in sorted((self.path / "served").iterdir())}


@pytest.fixture
def served(folder: Any, tmp_path: Path) -> Shelf:
    return Shelf(folder, tmp_path / "plugins", "folder")


@pytest.fixture
def leaving(folder: Any, tmp_path: Path) -> Shelf:
    """Whose provider leaves a note's `config` to others."""
    return Shelf(folder, tmp_path / "plugins", "leaving")
