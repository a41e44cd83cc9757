"""The process in which a model is changed or run: `python -m infractl.optimizer.worker DIRECTORY`, started by the sandbox.

It reads the job from the directory and leaves the result there. Whatever a library raises becomes a refusal.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path

from infractl.domain.value import Json
from infractl.errors import InfractlError
from infractl.optimizer.passes.contract import PassRefusedError
from infractl.optimizer.sandbox import JOB, RESULT, STEPS

Task = Callable[[Mapping[str, Json], Path, Callable[[str], None]], Mapping[str, Json]]
"""Of a job, the directory to write in and whom to tell of each step: what was found."""

_LONGEST_REASON = 300


def main(directory: Path) -> int:
    _end_with_parent()
    with suppress(OSError, ValueError):
        # A crash is told in a line; a core file would fill the disk.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked = json.loads((directory / JOB).read_bytes())
    result = _outcome(find_task(asked["task"]), asked["job"], directory)
    temporary = directory / f".{RESULT}"
    temporary.write_text(json.dumps(result), encoding="utf-8")
    temporary.replace(directory / RESULT)
    return 0


def find_task(name: str) -> Task:
    """By its module and, after a colon, its function."""
    module, _, function = name.partition(":")
    found: Task = getattr(import_module(module), function)
    return found


def _outcome(task: Task, job: Mapping[str, Json], directory: Path) -> Mapping[str, Json]:
    def tell(step: str) -> None:
        with (directory / STEPS).open("a", encoding="utf-8") as steps:
            steps.write(f"{' '.join(step.split())}\n")

    try:
        return {"done": task(job, directory / "work", tell)}
    except PassRefusedError as error:
        return _refused(error.code, error.why)
    except InfractlError as error:
        first = error.diagnostics[0]
        return _refused(first.slug, f"{first.summary}: {first.detail}" if first.detail else first.summary)
    except MemoryError as error:
        return _refused("out-of-memory", str(error) or "no memory was left")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - quantizers crash on real models, each in its own way
        return _refused("library", f"{type(error).__name__}: {error}")


def _refused(code: str, why: str) -> Mapping[str, Json]:
    return {"refused": {"code": code, "why": " ".join(why.split())[:_LONGEST_REASON]}}


def _end_with_parent() -> None:
    """Our standard input is a pipe that its other end never writes to: it closes when whoever started us is gone."""

    def wait() -> None:
        with suppress(OSError):
            os.read(0, 1)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True, name="parent").start()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
