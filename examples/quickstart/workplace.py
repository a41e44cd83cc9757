"""Where the demo works: `build/demo` of the checkout, one demo at a time, cleared of whatever an earlier one left there."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from terminal import SurpriseError, Terminal

EXAMPLE = Path(__file__).resolve().parent
DEMO = EXAMPLE.parents[1] / "build" / "demo"
PROJECT = DEMO / "project"
STARTER = DEMO / "starter"
COPIED = ("infractl.yaml", "digits.yaml", "digits-1.onnx", "digits-2.onnx", "validation.npz", "request.json")
WAIT_S = 120.0


@contextmanager
def claimed() -> Iterator[int]:
    """Hold the place, after another demo or a command that a killed demo left running has ended. Gives the lock's descriptor."""
    DEMO.mkdir(parents=True, exist_ok=True)
    lock = os.open(DEMO / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _wait_for(lock)
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        yield lock
    finally:
        os.close(lock)


def _wait_for(lock: int) -> None:
    limit = time.monotonic() + WAIT_S
    told = False
    while True:
        try:
            # The lock belongs to the open file, not to the process: it stays while any heir of the descriptor lives.
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = os.pread(lock, 20, 0).decode() or "unknown"
        if time.monotonic() > limit:
            raise SurpriseError(f"another demo (pid {holder}) still works in {DEMO}; wait for its end, or stop it")
        if not told:
            print(
                f"Another demo (pid {holder}), or what is left of it, works in {DEMO}; waiting for its end ...", file=sys.stderr
            )
            told = True
        time.sleep(0.2)


def clear(lock: int) -> None:
    """Destroy what an earlier demo still runs, by infractl itself, and remove its files."""
    if (PROJECT / ".infractl").exists():
        print("An earlier demo was cut short; clearing what it left.")
        Terminal(folder=PROJECT, lock=lock).infractl("destroy", "--auto-approve")
        check_nothing_is_left()
    discard()


def discard() -> None:
    """Remove the project's files, once nothing of it runs. The rename comes first: a project is whole, or not there."""
    if PROJECT.exists():
        PROJECT.rename(DEMO / f"project.{time.time_ns()}")
    for folder in (*DEMO.glob("project.*"), STARTER):
        shutil.rmtree(folder, ignore_errors=True)


def furnish() -> None:
    """A fresh copy of the example."""
    unfinished = DEMO / "project.new"
    unfinished.mkdir()
    for name in COPIED:
        shutil.copy2(EXAMPLE / name, unfinished / name)
    unfinished.rename(PROJECT)


def check_nothing_is_left() -> None:
    """A surprise where a process of the project lives, or a file of one lies in its run directory."""
    if processes := processes_of_the_project():
        raise SurpriseError(f"these processes are left: {', '.join(map(str, processes))}")
    if files := [str(path) for path in (PROJECT / ".infractl" / "run").rglob("*") if not path.is_dir()]:
        raise SurpriseError(f"these files are left in the run directory: {', '.join(files)}")


def processes_of_the_project() -> list[psutil.Process]:
    """Every process that was started with a path of the project, or works there."""
    return [
        process
        for process in psutil.process_iter(["cmdline", "cwd"])
        if any(str(PROJECT) in text for text in (*(process.info["cmdline"] or ()), process.info["cwd"] or ""))
    ]
