"""A provider that never answers, as the command line meets it: exit code 5, and the next run finds out."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from infractl.testing.plugin import register

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom-provider"

SILENT = '''
"""The folder's provider, which is asked in vain for what SILENT names, and leaves a file where it is asked."""
import os, pathlib, time
from dataclasses import replace
from infractl.testing.faults import Hangs
from infractl_folder import kind
from infractl_folder.provider import FolderProvider
class Marked(Hangs):
    def _hang(self, method):
        if method == self.method:
            pathlib.Path("asked").touch()
        super()._hang(method)
class Silent(FolderProvider):
    name, kinds = "silent", {n: replace(s, call_s=float(os.environ["CALL_S"])) for n, s in kind.SCHEMAS.items()}
    def connect(self, target, context):
        kinds, method = super().connect(target, context), os.environ.get("SILENT")
        return {**kinds, "note": Marked(kinds["note"], method=method, call_s=3600)} if method else kinds
provider = Silent()
'''


@pytest.fixture
def silent(folder: Any, tmp_path: Path) -> Any:
    plugins = register(tmp_path / "plugins", "silent", "silent:provider")
    (plugins / "silent.py").write_text(SILENT)
    (folder.path / "infractl.yaml").write_text("project: testing\ntargets: {shelf: {provider: silent, path: served}}\n")
    folder.environment |= {"PYTHONPATH": f"{plugins}:{EXAMPLE}"}
    folder.write()
    return folder


def test_what_was_done_is_kept_what_is_not_known_is_told_and_the_next_apply_settles_it(silent: Any) -> None:
    silent.environment |= {"SILENT": "poll", "CALL_S": "0.5"}

    broken = silent.run("apply", "--auto-approve", code=5)

    assert "Apply did not complete: 1 done, 1 unknown." in broken.stdout
    assert "it is not known whether a resource was created" in broken.stderr
    assert "poll of note did not answer within 0.5s" in broken.stderr
    del silent.environment["SILENT"]
    assert "settling what an earlier run left open" in silent.run("apply", "--auto-approve").stderr
    assert silent.run("plan").stdout.startswith("No changes.")


@pytest.mark.parametrize(("words", "method", "signals"), [(["plan"], "find", 1), (["apply", "--auto-approve"], "begin", 2)])
def test_ctrl_c_ends_a_command_whose_provider_never_answers(silent: Any, words: list[str], method: str, signals: int) -> None:
    silent.environment |= {"SILENT": method, "CALL_S": "3600"}
    process = silent.start(*words)
    deadline = time.monotonic() + 60
    while not (silent.path / "asked").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)

    for _ in range(signals):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)

    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in errors or "Stopped at once" in errors
