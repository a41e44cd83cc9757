"""Behind the real server, p99 under load and the capacity at an SLO are as they were predicted from a calibration.

Models that the calibration does not know, in fp32, at batch caps from 1 to 32, on one session of one thread. Each figure is
measured twice: a prediction cannot be better than two measurements agree.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from benchmarks.models.collection import judged
from benchmarks.models.prediction import calibrated_speed
from benchmarks.models.served import Served, served
from infractl.units import format_duration, format_rate

_FEW = 6
_GOAL = 0.15
_NOISE = 2.0
"""So many times the error between two measurements a prediction may be off, where that is more than the goal."""


def measure(quick: bool) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        # Profiles are made anew as well.
        os.environ["INFRACTL_CACHE"] = folder
        speed = calibrated_speed(Path(folder))
        caps, models, duration_s = ((1, 32), _FEW, 0.6) if quick else ((1, 4, 8, 32), None, 3.0)
        subjects = islice(judged(Path(folder)), models)
        found = list(_told(served(subjects, caps, speed, duration_s=duration_s, times=2)))
    for what in ("p99", "capacity"):
        yield from _figures(what, [each for each in found if each.what == what])
    yield Figure(name="served_models", value=len({each.name for each in found}), unit="models", goal=">= 6")


def _told(found: Iterator[Served]) -> Iterator[Served]:
    for each in found:
        show = format_duration if each.what == "p99" else format_rate
        measured = " and ".join(show(value) for value in each.measured)
        text = f"{each.name:16} cap {each.cap:2}  {each.what:8} predicted {show(each.predicted):>8}  measured {measured}"
        print(f"{text:90} off by {each.error:.0%}", flush=True)
        yield each


def _figures(what: str, found: Sequence[Served]) -> Iterator[Figure]:
    why = f"no model's {what} could be measured"
    error = median(each.error for each in found) if found else None
    noise = median(each.noise for each in found) if found else 0.0
    goal = f"<= {max(_GOAL, _NOISE * noise):.3g}"
    yield Figure(name=f"{what}_median_error", value=error, unit="share", goal=goal, why=why)
    yield Figure(name=f"{what}_noise", value=noise if found else None, unit="share", why=why)
    worst = max((each.error for each in found), default=None)
    yield Figure(name=f"{what}_worst_error", value=worst, unit="share", why=why)


if __name__ == "__main__":
    start(measure, __doc__, ("onnxruntime", "scikit-learn", "numpy"))
