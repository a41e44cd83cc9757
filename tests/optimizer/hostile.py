"""Tasks that do what models and libraries do at their worst, for the sandbox to keep in bounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Json = Mapping[str, Any]
Tell = Callable[[str], None]


def well(job: Json, directory: Path, tell: Tell) -> Json:
    tell("first")
    tell("second")
    (directory / "kept").write_text("here")
    return {"cwd": str(Path.cwd()), "asked": dict(job), "environment": dict(os.environ)}


def greedy(job: Json, directory: Path, tell: Tell) -> Json:
    held = []
    while True:
        held.append(b"x" * (16 << 20))
        time.sleep(0.01)


def greedy_child(job: Json, directory: Path, tell: Tell) -> Json:
    code = "import time; held = b'x' * (400 << 20); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-c", code])
    Path(job["pid"]).write_text(str(child.pid))
    child.wait()
    return {}


def endless(job: Json, directory: Path, tell: Tell) -> Json:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    Path(job["pid"]).write_text(f"{os.getpid()} {child.pid}")
    tell("waiting")
    time.sleep(600)
    return {}


def crash(job: Json, directory: Path, tell: Tell) -> Json:
    os.kill(os.getpid(), getattr(signal, job["by"]))
    time.sleep(5)
    return {}


def leave(job: Json, directory: Path, tell: Tell) -> Json:
    os.write(1, b"free(): invalid pointer\n")
    os._exit(3)


def throw(job: Json, directory: Path, tell: Tell) -> Json:
    raise {"ValueError": ValueError, "MemoryError": MemoryError, "SystemExit": SystemExit, "RecursionError": RecursionError}[
        job["what"]
    ]("the truth value of an array is ambiguous")


def fill(job: Json, directory: Path, tell: Tell) -> Json:
    return {"not json": float}
