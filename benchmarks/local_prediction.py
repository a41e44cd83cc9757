"""A calibration by operators predicts how long models take that it does not know: the p50 of a call at batch 1, 8 and 32.

On one thread and on two, models of many shapes, among them some that are shipped in packages. The width of the intervals was
set on other models, by `python -m benchmarks.models.interval`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from benchmarks.models.collection import judged
from benchmarks.models.network import Subject
from benchmarks.models.packaged import FetchError, packaged_subjects
from benchmarks.models.prediction import Row, calibrated_speed, rows
from infractl.hardware.this_machine import usable_cores
from infractl.placement.service_time import End
from infractl.units import format_duration

_THREADS = 2


def measure(quick: bool) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        # Profiles are made anew as well.
        os.environ["INFRACTL_CACHE"] = folder
        packaged, why = _packaged()
        own = list(judged(Path(folder)))
        speed, rounds = calibrated_speed(Path(folder)), 3 if quick else 9
        found = list(rows([*own, *packaged], speed, rounds))
        several = list(rows(own, speed, rounds, threads=_THREADS)) if usable_cores() >= _THREADS else []
    for row in found:
        print(_told(row))
    print(f"on {_THREADS} threads")
    for row in several:
        print(_told(row))
    yield from _figures(found)
    few = f"there are not {_THREADS} cores"
    off = median(abs(row.ratio - 1) for row in several) if several else None
    yield Figure(name="two_threads_median_error", value=off, unit="share", why=few)
    yield Figure(name="two_threads_worst_ratio", value=max(map(_off, several), default=None), unit="ratio", why=few)
    worst = max((_off(row) for row in found if row.name in {subject.name for subject in packaged}), default=None)
    yield Figure(name="packaged_worst_ratio", value=worst, unit="ratio", goal="<= 2", why=why)


def _packaged() -> tuple[Sequence[Subject], str]:
    try:
        return list(packaged_subjects()), ""
    except FetchError as error:
        return (), str(error)


def _told(row: Row) -> str:
    low, expected, high = (format_duration(row.predicted_s[end]) for end in End)
    held = "held" if row.held else "NOT HELD"
    predicted = f"{row.name:16} batch {row.batch:2}  predicted {expected:>8} ({low} to {high})"
    return f"{predicted:70} measured {format_duration(row.measured_s):>8}  {row.ratio:4.2f}  {held}"


def _off(row: Row) -> float:
    """How many times too long or too short."""
    return max(row.ratio, 1 / row.ratio)


def _figures(found: Sequence[Row]) -> Iterator[Figure]:
    errors = [abs(row.ratio - 1) for row in found]
    yield Figure(name="p50_median_error", value=median(errors), unit="share", goal="<= 0.20")
    yield Figure(name="p50_worst_ratio", value=max(map(_off, found)), unit="ratio", goal="<= 2")
    yield Figure(name="interval80_coverage", value=sum(row.held for row in found) / len(found), unit="share", goal=">= 0.7")
    yield Figure(name="interval80_width", value=median(row.width for row in found), unit="ratio", goal="<= 2")
    yield Figure(name="predicted_models", value=len({row.name for row in found}), unit="models", goal=">= 8")


if __name__ == "__main__":
    start(measure, __doc__, ("onnxruntime", "scikit-learn", "numpy"))
