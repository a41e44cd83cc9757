"""Each exit code, by the real command line: what is data on stdout, what is told on stderr, and what to do about it.

The provider is the example of one's own, whose objects are files: a project and its cloud are one folder, put back for each row.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infractl.clock import SystemClock
from infractl.domain.address import ServiceKey
from infractl.state.local import LocalStateStore
from infractl.testing.plugin import register

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "exit-codes.md"
KEY = ServiceKey(project="testing", environment="default", service="scores")
YES = "--auto-approve"

BENT = '''
"""The folder's provider. It refuses a kind (`note:refused`) or stands still before it makes one (`model:held`), as BENT says."""
import os, pathlib, time
from infractl.errors import ProviderError
from infractl_folder import kind
from infractl_folder.provider import provider
begin = kind.Note.begin
def bent(self, step):
    how = os.environ.get("BENT")
    if how == f"{self.kind}:refused":
        raise ProviderError.of("quota", summary="the quota is used up", remedy="ask for more")
    if how == f"{self.kind}:held":
        pathlib.Path("held").touch()
        while not os.path.exists("let-go"):
            time.sleep(0.02)
    return begin(self, step)
kind.Note.begin = bent
'''


@dataclass
class Stage:
    """The project with `scores` applied, and `new`, which is declared nowhere yet."""

    folder: Any
    kept: Path

    @property
    def path(self) -> Path:
        path: Path = self.folder.path
        return path

    def reset(self) -> None:
        shutil.rmtree(self.path)
        shutil.copytree(self.kept, self.path)
        self.folder.environment.pop("BENT", None)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, open_folder: Any) -> Iterator[Stage]:
    home = tmp_path_factory.mktemp("exit-codes")
    register(home / "plugins", "folder", "bent:provider")
    (home / "plugins" / "bent.py").write_text(BENT)
    with open_folder(home / "project") as folder:
        folder.environment["PYTHONPATH"] = f"{home / 'plugins'}:{ROOT / 'examples' / 'custom-provider'}"
        (folder.path / "infractl.yaml").write_text("project: testing\ntargets: {shelf: {provider: folder, path: served}}\n")
        folder.write()
        folder.run("apply", YES)
        shutil.copytree(folder.path, home / "kept")
        yield Stage(folder=folder, kept=home / "kept")


@pytest.fixture
def scores(stage: Stage) -> Any:
    """The project with `scores` applied."""
    stage.reset()
    return stage.folder


Scene = Callable[[Any], None]


def as_it_is(folder: Any) -> None:
    """`scores` is applied and declared."""


def a_new_version(folder: Any) -> None:
    folder.write(uri="two.onnx", version="2")


def a_new_service(folder: Any) -> None:
    folder.write("new")


def a_broken_document(folder: Any) -> None:
    folder.write(p99="fast")


def a_limit_that_nothing_keeps(folder: Any) -> None:
    folder.write(p99="1us")


def a_budget_without_a_price(folder: Any) -> None:
    folder.write(extra="  budget: {monthly: 5 USD}\n")


def a_note_that_was_edited(folder: Any) -> None:
    (note,) = (folder.path / "served").glob("note-*.json")
    content = json.loads(note.read_text())
    content["properties"]["version"] = "7"
    note.write_text(json.dumps(content))


def refused(kind: str) -> Scene:
    def scene(folder: Any) -> None:
        a_new_service(folder)
        folder.environment["BENT"] = f"{kind}:refused"

    return scene


def a_plan_that_another_apply_overtook(folder: Any) -> None:
    a_new_version(folder)
    folder.run("plan", "--out", "plan.json")
    folder.run("apply", YES)


def a_protected_service(folder: Any) -> None:
    folder.write(extra="  lifecycle: {protect: true}\n")
    folder.run("apply", YES)


@dataclass(frozen=True)
class Row:
    """A scene, a command, and how it ends. `out` and `told` must occur on stdout and stderr; an empty `out` means nothing at all.

    Where `slug` is empty, no diagnostic is told.
    """

    code: int
    scene: Scene
    words: tuple[str, ...]
    out: str
    slug: str = ""
    told: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.code} {' '.join(self.words)} {self.scene.__name__}"


ROWS = (
    Row(0, as_it_is, ("plan", "--detailed-exitcode"), "No changes."),
    Row(0, as_it_is, ("apply",), "No changes."),
    Row(0, as_it_is, ("drift",), "No drift."),
    Row(0, a_new_version, ("plan",), "Plan: 1 to create, 1 to update, 1 to destroy."),
    Row(0, a_new_service, ("apply", YES), "new: version 1", told=("new.note.main: created",)),
    Row(1, as_it_is, ("plan", "--frobnicate"), "", "usage", ("infractl COMMAND --help",)),
    Row(1, a_new_service, ("apply",), "Plan: 2 to create.", "no-terminal", ("pass --auto-approve",)),
    Row(1, a_broken_document, ("validate",), "", "quantity", ("scores.yaml:6:24", "10ms")),
    Row(
        1,
        a_limit_that_nothing_keeps,
        ("plan",),
        "",
        "slo-infeasible",
        ("service-time-over-slo", "scores.yaml:6:24", "this would hold: p99 of"),
    ),
    Row(
        1, refused("model"), ("apply", YES), "1 failed, 1 not started", "step-failed", ("the quota is used up", "= ask for more")
    ),
    Row(2, a_new_version, ("plan", "--detailed-exitcode"), "Plan: 1 to create, 1 to update, 1 to destroy."),
    Row(2, a_note_that_was_edited, ("drift",), "scores.note.main"),
    Row(
        4,
        a_plan_that_another_apply_overtook,
        ("apply", "plan.json"),
        "",
        "plan-stale",
        ("serial 3", "infractl apply --auto-approve", "infractl plan --out PLAN"),
    ),
    Row(5, refused("note"), ("apply", YES), "1 done, 1 failed", "step-failed", ("new.note.main", "= ask for more")),
    Row(6, a_budget_without_a_price, ("plan",), "", "slo-infeasible", ("price-unknown", "scores.yaml:8:")),
    Row(6, a_protected_service, ("destroy", YES), "", "service-protected", ("protect: false",)),
)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_command_ends_with_its_code_and_says_why_on_stderr(scores: Any, row: Row) -> None:
    row.scene(scores)

    done = scores.run(*row.words, code=row.code)

    holds(row, done.stdout, done.stderr)


def holds(row: Row, out: str, told: str) -> None:
    assert row.out in out if row.out else out == ""
    assert re.findall(r"^error\[([a-z-]+)\]", told, re.MULTILINE) == ([row.slug] if row.slug else [])
    assert [words for words in row.told if words not in told] == []
    assert "error[" not in out
    assert bool(re.search(r"^ *= ", told, re.MULTILINE)) == bool(row.slug), "an error has a remedy"


HELD = Row(3, as_it_is, ("apply", YES), "", "lock-held", ("ada: infractl apply", "infractl state unlock"))


def test_a_lock_that_is_held_ends_it_with_its_code(scores: Any) -> None:
    lease = LocalStateStore(scores.path / ".infractl" / "state", SystemClock()).lock(KEY, "ada: infractl apply")
    try:
        done = scores.run(*HELD.words, code=HELD.code)
    finally:
        lease.release()

    holds(HELD, done.stdout, done.stderr)


STOPPED = Row(130, a_new_service, ("apply", YES), "1 done, 1 not started", told=("Stopping: finishing what runs.", "new.model."))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_it_with_its_code_once_what_runs_is_done(scores: Any, number: signal.Signals) -> None:
    STOPPED.scene(scores)
    scores.environment["BENT"] = "model:held"
    applying = scores.start(*STOPPED.words)
    while not (scores.path / "held").exists():
        assert applying.poll() is None, applying.communicate()
        time.sleep(0.01)

    applying.send_signal(number)
    told = ""
    while "Stopping" not in told:
        told += applying.stderr.readline()
    (scores.path / "let-go").touch()
    out, rest = applying.communicate(timeout=60)

    assert applying.returncode == STOPPED.code
    holds(STOPPED, out, told + rest)


def test_each_documented_code_has_its_row() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE.read_text(), re.MULTILINE)}

    assert documented == {row.code for row in (*ROWS, HELD, STOPPED)}
