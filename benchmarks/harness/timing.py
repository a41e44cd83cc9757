"""Fair times of processes: rivals take turns, each in a process of its own, and the fastest run counts.

Other work on the machine only ever makes a run slower, so that the fastest says most about the program. Python's compiled modules
are kept between the runs, as they are where a program is installed, whatever this environment says about that.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, TemporaryFile

Command = Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a process. `peak_bytes` is the most main memory that it held at once."""

    seconds: float
    peak_bytes: int
    output: str


def interleaved(commands: Mapping[str, Command], rounds: int, folder: Path | None = None) -> dict[str, list[Run]]:
    """Each command once to warm the caches up, then each in turn, `rounds` times. Raises RuntimeError where one fails."""
    with _compiled() as environment:
        for command in commands.values():
            run(command, folder, environment)
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                runs[name].append(run(command, folder, environment))
    return runs


@contextmanager
def _compiled() -> Iterator[dict[str, str]]:
    with TemporaryDirectory() as cache:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        yield {**kept, "PYTHONPYCACHEPREFIX": cache}


def run(command: Command, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Run:
    """Raises RuntimeError with the end of what the command printed, where it exits with another code than 0."""
    with TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{command[0]} exited with {process.returncode}: {text[-2000:]}")
    return Run(seconds=seconds, peak_bytes=usage.ru_maxrss * 1024, output=text)


def fastest(runs: Sequence[Run]) -> float:
    return min(r.seconds for r in runs)


def told(runs: Sequence[Run]) -> str:
    """For people: the fastest and the median."""
    return f"{fastest(runs) * 1000:8.1f} ms fastest {median(r.seconds for r in runs) * 1000:8.1f} ms median of {len(runs)} runs"
