"""A task stays within its limits, whatever it does, and leaves nothing running."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from infractl.clock import SystemClock
from infractl.domain.optimization import Refusal
from infractl.optimizer.sandbox import Limits, free_memory_bytes, run_task

ROOMY = Limits(memory_bytes=2 << 30, time_s=60.0)


def run(task: str, directory: Path, limits: Limits = ROOMY, tell: Callable[[str], None] = str, **job: Any) -> Any:
    return run_task(f"tests.optimizer.hostile:{task}", job, directory, limits, SystemClock(), tell)


def test_a_task_answers_from_a_directory_of_its_own(tmp_path: Path) -> None:
    found = run("well", tmp_path, question=[1, "two"])

    assert isinstance(found, Mapping)
    assert found["asked"] == {"question": [1, "two"], "threads": 1}
    assert found["cwd"] == str(tmp_path / "work")
    assert (tmp_path / "work" / "kept").read_text() == "here"


def test_each_step_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []

    run("well", tmp_path, tell=told.append)

    assert told == ["first", "second"]


def test_a_task_sees_no_secret_of_our_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "hunter2")

    found = run("well", tmp_path)

    assert "API_TOKEN" not in found["environment"]
    assert found["environment"]["HOME"] == str(tmp_path / "work")


def test_more_memory_than_it_may_take_is_a_refusal(tmp_path: Path) -> None:
    found = run("greedy", tmp_path, Limits(memory_bytes=200 << 20, time_s=60.0))

    assert isinstance(found, Refusal)
    assert found.code == "out-of-memory"
    assert "may take 200MiB" in found.why


def test_what_its_children_take_counts_and_they_end_with_it(tmp_path: Path) -> None:
    found = run("greedy_child", tmp_path, Limits(memory_bytes=200 << 20, time_s=60.0), pid=str(tmp_path / "pid"))

    assert isinstance(found, Refusal)
    assert found.code == "out-of-memory"
    assert gone(int((tmp_path / "pid").read_text()))


def test_more_time_than_it_may_take_is_a_refusal_and_nothing_runs_on(tmp_path: Path) -> None:
    found = run("endless", tmp_path, Limits(memory_bytes=2 << 30, time_s=1.0), pid=str(tmp_path / "pid"))

    assert found == Refusal(code="out-of-time", why="it was not done after 1s")
    assert all(gone(int(pid)) for pid in (tmp_path / "pid").read_text().split())


@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT"])
def test_a_crash_is_a_refusal_that_names_the_signal(name: str, tmp_path: Path) -> None:
    found = run("crash", tmp_path, by=name)

    assert isinstance(found, Refusal)
    assert (found.code, found.why) == ("crashed", f"a library crashed by {name}")


def test_the_systems_own_killing_is_told_from_a_crash(tmp_path: Path) -> None:
    found = run("crash", tmp_path, by="SIGKILL")

    assert isinstance(found, Refusal)
    assert found.code == "killed"


def test_a_library_that_ends_the_process_is_a_refusal_with_its_last_word(tmp_path: Path) -> None:
    found = run("leave", tmp_path)

    assert found == Refusal(code="crashed", why="a library ended the process with status 3: free(): invalid pointer")


@pytest.mark.parametrize(
    ("what", "code"),
    [("ValueError", "library"), ("MemoryError", "out-of-memory"), ("SystemExit", "library"), ("RecursionError", "library")],
)
def test_whatever_is_raised_is_a_refusal(what: str, code: str, tmp_path: Path) -> None:
    found = run("throw", tmp_path, what=what)

    assert isinstance(found, Refusal)
    assert found.code == code
    assert "the truth value of an array is ambiguous" in found.why


def test_what_a_task_finds_and_cannot_write_is_a_refusal(tmp_path: Path) -> None:
    found = run("fill", tmp_path)

    assert isinstance(found, Refusal)
    assert found.code == "crashed"
    assert "not JSON serializable" in found.why


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGKILL])
def test_nothing_runs_on_when_we_are_interrupted_or_killed(by: signal.Signals, tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    code = (
        "import sys; from pathlib import Path; from tests.optimizer.test_sandbox import run; "
        "directory = Path(sys.argv[1]); run('endless', directory / 'task', pid=str(directory / 'pid'))"
    )
    (tmp_path / "task").mkdir()
    outer = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stderr=subprocess.DEVNULL)
    wait(lambda: pids.exists() and len(pids.read_text().split()) == 2)

    outer.send_signal(by)

    assert outer.wait(30) != 0
    assert all(gone(int(pid)) for pid in pids.read_text().split())


def test_what_is_free_is_less_than_the_machine_has() -> None:
    assert 0 < free_memory_bytes() < psutil.virtual_memory().total


def gone(pid: int) -> bool:
    """A process that ended and was not waited for by anybody yet counts as gone."""

    def ended() -> bool:
        try:
            return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return wait(ended)


def wait(is_so: Callable[[], bool]) -> bool:
    until = time.monotonic() + 30
    while not is_so():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True
