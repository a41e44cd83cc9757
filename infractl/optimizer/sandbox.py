"""One task of the optimizer in a process of its own: with a time, a memory and a directory that it stays in.

Libraries crash on real models, and a hostile model takes what it can get: whatever happens in there is a refusal out here.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infractl.clock import Clock
from infractl.domain.optimization import Refusal
from infractl.domain.value import Json
from infractl.units import format_bytes, format_duration

JOB, RESULT, STEPS, LOG = "job.json", "result.json", "steps", "log"
"""What lies in a task's directory: what is to be done, what came of it, the steps begun, and what libraries said."""

_LOOK_EVERY_S = 0.05
_KEPT_FREE = 0.1
_KEPT_VARIABLES = (
    "PATH",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
    "INFRACTL_CACHE",
    "INFRACTL_TORCH_PYTHON",
)
_LONGEST_REASON = 300

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one task may take: `memory_bytes` of all its processes together, `time_s`, and `threads` that compute at once."""

    memory_bytes: int
    time_s: float
    threads: int = 1


def free_memory_bytes() -> int:
    """What a task may take where nobody says: nine tenths of what the machine, or the container we are in, has free now."""
    import psutil

    free = int(psutil.virtual_memory().available)
    with suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        free = min(free, int((group / "memory.max").read_text()) - int((group / "memory.current").read_text()))
    return max(1, int(free * (1 - _KEPT_FREE)))


def run_task(
    task: str, job: Mapping[str, Json], directory: Path, limits: Limits, clock: Clock, tell: Tell
) -> Mapping[str, Json] | Refusal:
    """Run `task`, a `module:function`, in `directory`, which is empty, and give what it found. `tell` hears of each step begun.

    It has a session of its own, so that it is ended with all its children: when it is done, at its limits, when we are
    interrupted, and, by the end of its standard input, when we are killed. It sees none of our environment's secrets.
    """
    work = directory / "work"
    work.mkdir()
    written = {"task": task, "job": {**job, "threads": limits.threads}}
    (directory / JOB).write_text(json.dumps(written), encoding="utf-8")
    command = [sys.executable, "-m", "infractl.optimizer.worker", str(directory)]
    with (
        (directory / LOG).open("wb") as log,
        subprocess.Popen(
            command,
            cwd=work,
            env=_environment(directory, limits.threads),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as child,
    ):
        try:
            refusal = _watch(child, directory, limits, clock, tell)
        finally:
            _end(child)
    return refusal or _result(child.returncode, directory)


def _environment(directory: Path, threads: int) -> dict[str, str]:
    """Little: libraries write where a home and a temporary directory are, and their threads are as many as may compute."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    pools = {name: str(threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    paths = os.pathsep.join(path for path in sys.path if path)
    here = str(directory / "work")
    return {**kept, **pools, "HOME": here, "TMPDIR": here, "PYTHONPATH": paths, "PYTHONHASHSEED": "0", "PYTHONNOUSERSITE": "1"}


def _watch(child: subprocess.Popen[bytes], directory: Path, limits: Limits, clock: Clock, tell: Tell) -> Refusal | None:
    """Until the task ends, or has to.

    What is resident is watched, and no bound is set on addresses (RLIMIT_AS): ONNX Runtime, OpenBLAS and torch reserve
    gigabytes of them that they never touch, so that a bound that lets them start lets a model take as much for real.
    """
    until, told = clock.monotonic() + limits.time_s, 0
    while True:
        try:
            child.wait(_LOOK_EVERY_S)
        except subprocess.TimeoutExpired:
            told = _tell(directory, told, tell)
            if (taken := _resident_bytes(child.pid)) > limits.memory_bytes:
                why = f"it took {format_bytes(taken)}, and may take {format_bytes(limits.memory_bytes)}"
                return Refusal(code="out-of-memory", why=why)
            if clock.monotonic() > until:
                return Refusal(code="out-of-time", why=f"it was not done after {format_duration(limits.time_s)}")
        else:
            _tell(directory, told, tell)
            return None


def _tell(directory: Path, told: int, tell: Tell) -> int:
    """How many of the steps are told now."""
    with suppress(OSError):
        steps = (directory / STEPS).read_text(encoding="utf-8", errors="replace").splitlines()
        for step in steps[told:]:
            tell(step)
        return max(told, len(steps))
    return told


def _resident_bytes(pid: int) -> int:
    """Of the process and all that it started."""
    import psutil

    try:
        root = psutil.Process(pid)
        family = [root, *root.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for process in family:
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total


def _end(child: subprocess.Popen[bytes]) -> None:
    """With all that it started: a child's group is that of its session."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _result(status: int, directory: Path) -> Mapping[str, Json] | Refusal:
    try:
        found = json.loads((directory / RESULT).read_bytes())
        if "refused" in found:
            return Refusal(code=str(found["refused"]["code"]), why=str(found["refused"]["why"])[:_LONGEST_REASON])
        done: Mapping[str, Json] = found["done"]
        return done
    except (OSError, ValueError, KeyError, TypeError):
        return _died(status, directory)


def _died(status: int, directory: Path) -> Refusal:
    if status == -signal.SIGKILL:
        return Refusal(code="killed", why="the system ended it, as it does where the machine has no memory left")
    last = (directory / LOG).read_text(errors="replace").strip().splitlines()[-1:]
    said = f": {last[0][:_LONGEST_REASON]}" if last else ""
    if status < 0:
        return Refusal(code="crashed", why=f"a library crashed by {signal.Signals(-status).name}{said}")
    return Refusal(code="crashed", why=f"a library ended the process with status {status}{said}")
