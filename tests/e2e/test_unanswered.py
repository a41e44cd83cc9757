"""A provider that never answers, as the command line meets it: exit code 5, and the next run finds out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infractl.testing.plugin import register

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom-provider"

SILENT = '''
"""The folder's provider, whose notes are polled in vain where SILENT is set."""
import os
from dataclasses import replace
from infractl.testing.faults import Hangs
from infractl_folder import kind
from infractl_folder.provider import FolderProvider
class Silent(FolderProvider):
    name, kinds = "silent", {name: replace(schema, call_s=0.5) for name, schema in kind.SCHEMAS.items()}
    def connect(self, target, context):
        kinds = super().connect(target, context)
        return {**kinds, "note": Hangs(kinds["note"], method="poll", call_s=3600)} if "SILENT" in os.environ else kinds
provider = Silent()
'''


def test_what_was_done_is_kept_what_is_not_known_is_told_and_the_next_apply_settles_it(folder: Any, tmp_path: Path) -> None:
    plugins = register(tmp_path / "plugins", "silent", "silent:provider")
    (plugins / "silent.py").write_text(SILENT)
    (folder.path / "infractl.yaml").write_text("project: testing\ntargets: {shelf: {provider: silent, path: served}}\n")
    folder.environment |= {"PYTHONPATH": f"{plugins}:{EXAMPLE}", "SILENT": "yes"}
    folder.write()

    broken = folder.run("apply", "--auto-approve", code=5)

    assert "Apply did not complete: 1 done, 1 unknown." in broken.stdout
    assert "it is not known whether a resource was created" in broken.stderr
    assert "poll of note did not answer within 0.5s" in broken.stderr
    del folder.environment["SILENT"]
    assert "settling what an earlier run left open" in folder.run("apply", "--auto-approve").stderr
    assert folder.run("plan").stdout.startswith("No changes.")
