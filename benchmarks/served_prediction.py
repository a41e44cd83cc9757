"""Behind the real server, p99 under load and the capacity at an SLO are as they were predicted from a calibration.

Models that the calibration does not know, in fp32, at batch caps from 1 to 32, on one session of one thread. Each figure is
measured twice: a prediction cannot be better than two measurements agree.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle, islice, takewhile
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from benchmarks.models.collection import judged
from benchmarks.models.network import Subject
from benchmarks.models.prediction import calibrated_speed
from benchmarks.models.served import Served, served
from infractl.units import format_duration, format_rate

_CAPS = (1, 4, 8, 32)
_FEW = 6
_QUICK_S = 220.0
"""So long after the calibration `--quick` begins with no other model: one takes some twenty seconds where nothing else runs."""

_GOAL = 0.15
_NOISE = 2.0
"""So many times the error between two measurements a prediction may be off, where that is more than the goal."""

_UNQUIET = 0.5
"""Two measurements that are farther apart say nothing of a prediction."""


def measure(quick: bool) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        # Profiles are made anew as well.
        os.environ["INFRACTL_CACHE"] = folder
        speed = calibrated_speed(Path(folder))
        ends_s = time.monotonic() + (_QUICK_S if quick else math.inf)
        cells = _few(judged(Path(folder))) if quick else ((subject, _CAPS) for subject in judged(Path(folder)))
        begun = takewhile(lambda _: time.monotonic() < ends_s, cells)
        duration_s = 0.6 if quick else 3.0
        found = [row for subject, caps in begun for row in _told(served(subject, caps, speed, duration_s=duration_s, times=2))]
    for what in ("p99", "capacity"):
        yield from _figures(what, [each for each in found if each.what == what])
    yield Figure(name="served_models", value=len({each.name for each in found}), unit="models", goal=">= 6")


def _few(subjects: Iterable[Subject]) -> Iterator[tuple[Subject, tuple[int, ...]]]:
    """Some models, each at one cap: the least and the largest in turn."""
    return zip(islice(subjects, _FEW), cycle([_CAPS[:1], _CAPS[-1:]]))


def _told(found: Iterator[Served]) -> Iterator[Served]:
    for each in found:
        show = format_duration if each.what == "p99" else format_rate
        measured = " and ".join(show(value) for value in each.measured)
        text = f"{each.name:16} cap {each.cap:2}  {each.what:8} predicted {show(each.predicted):>8}  measured {measured}"
        print(f"{text:90} off by {each.error:.0%}", flush=True)
        yield each


def _figures(what: str, found: Sequence[Served]) -> Iterator[Figure]:
    noise = median(each.noise for each in found) if found else None
    why = f"no model's {what} could be measured" if noise is None else ""
    if noise is not None and noise > _UNQUIET:
        why = f"two measurements of the same are {noise:.0%} apart: the machine is not quiet"
    error, worst = (None, None) if why else (median(each.error for each in found), max(each.error for each in found))
    goal = f"<= {max(_GOAL, _NOISE * (noise or 0.0)):.3g}"
    yield Figure(name=f"{what}_median_error", value=error, unit="share", goal=goal, why=why)
    yield Figure(name=f"{what}_noise", value=noise, unit="share", why="" if noise is not None else why)
    yield Figure(name=f"{what}_worst_error", value=worst, unit="share", why=why)


if __name__ == "__main__":
    start(measure, __doc__, ("onnxruntime", "scikit-learn", "numpy"))
