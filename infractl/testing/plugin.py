"""Makes a plugin findable without installing it: an entry point in a folder, for those who put that on their path."""

from __future__ import annotations

from pathlib import Path

from infractl.provider.registry import GROUP

REFERENCE = "infractl.testing.reference.provider:provider"


def register(folder: Path, name: str = "reference", value: str = REFERENCE, group: str = GROUP) -> Path:
    """Write a distribution's metadata that names `value` (`module:object`) under `name`, and give the folder.

    Whoever has the folder in PYTHONPATH finds the plugin as if it were installed; by default that is the reference provider.
    """
    information = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    information.mkdir(parents=True, exist_ok=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
    return folder
