"""Times kernels in the engine: all of them in turn, several rounds, so that what else the machine does meets them all."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from infractl.domain.work import TimedWork
from infractl.engines.engine import Session, SessionOptions
from infractl.measure.kernel.kernel import Kernel, Model, Run
from infractl.measure.spread import measured

_TICK_S = 1e-9
_SURELY = 10
_APART = 8
_WARMED = 4
"""One in so many calls or inputs: where these differ much, one alone does not touch all that the others read."""
_LARGE_BYTES = 2**20
_LARGE_WARM_UPS = 4
"""Weights that the nearest cache cannot hold take several calls until the next one has them."""


def time_kernels(
    kernels: Sequence[Kernel], directory: Path, *, threads: int = 1, together: bool = True, rounds: int = 5, block_s: float = 5e-4
) -> tuple[TimedWork, ...]:
    """Each kernel's time on so many threads. `directory` takes the models' files for a moment.

    All in turn, or a few at a time where they are not `together`: each session has threads of its own.
    """
    at_once = len(kernels) if together else _APART
    timed: list[TimedWork] = []
    for first in range(0, len(kernels), max(1, at_once)):
        timed += _in_turn(kernels[first : first + at_once], directory, threads, rounds, block_s)
    return tuple(timed)


def _in_turn(kernels: Sequence[Kernel], directory: Path, threads: int, rounds: int, block_s: float) -> Iterator[TimedWork]:
    runs = list(dict.fromkeys(run for kernel in kernels for _, run in kernel.terms))
    sessions = _opened(dict.fromkeys(run.model for run in runs), directory, threads)
    calls = {run: _calls(sessions[run.model], run, block_s) for run in runs}
    times_s: dict[Run, list[float]] = {run: [] for run in runs}
    for number in range(rounds):
        for run in runs:
            times_s[run].append(_seconds(sessions[run.model], run, calls[run], number * calls[run]))
    return (_timed(kernel, times_s, threads) for kernel in kernels)


def _opened(models: Iterable[Model], directory: Path, threads: int) -> Mapping[Model, Session]:
    from infractl.engines.onnxruntime import open_session

    sessions: dict[Model, Session] = {}
    file = directory / "kernel.onnx"
    for model in models:
        file.write_bytes(model.content)
        sessions[model] = open_session(file, SessionOptions(threads=threads))
    file.unlink(missing_ok=True)
    return sessions


def _calls(session: Session, run: Run, block_s: float) -> int:
    """How many calls take about so long. Of what takes that many times over, one is enough, whatever disturbed the first look."""
    if _seconds(session, run, 1) > _SURELY * block_s:
        return 1
    return max(1, round(block_s / _seconds(session, run, 1)))


def _seconds(session: Session, run: Run, calls: int, first: int = 0) -> float:
    """Seconds a call, where so many were before. Some that are not counted bring what is read into the cache."""
    inputs = [run.inputs[number % len(run.inputs)] for number in range(first, first + calls)]
    least = _LARGE_WARM_UPS if len(run.model.content) > _LARGE_BYTES else 1
    for number in range(max(least, 1 + max(calls, len(run.inputs)) // _WARMED)):
        session.run(run.inputs[-1 - number % len(run.inputs)])
    began_s = time.perf_counter()
    for each in inputs:
        session.run(each)
    return (time.perf_counter() - began_s) / calls


def _timed(kernel: Kernel, times_s: Mapping[Run, Sequence[float]], threads: int) -> TimedWork:
    rounds = range(len(times_s[kernel.terms[0][1]]))
    samples = [max(_TICK_S, sum(factor * times_s[run][index] for factor, run in kernel.terms)) for index in rounds]
    work = kernel.work
    return TimedWork(work=work, threads=threads, seconds=measured(samples, "s", "timed by itself"))
