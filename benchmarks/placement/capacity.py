"""The rate at which a chip still keeps a latency limit, beside MLPerf Server: from measured service times, and by its data sheet.

It is the largest whose p99 is within the limit, over every cap of the batches, by the queue that placements are computed with.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.placement.fit import call_s
from benchmarks.placement.fold import Folds
from benchmarks.placement.mlperf import OFFLINE, SERVER, SINGLE, Key, Results
from infractl.placement.queueing import NUMERIC_LIMIT, Queue, latency_percentiles

PERCENTILE = 99
LARGEST = 1024
_LONGEST = 0.7
"""Of the limit, that a full batch may take: most requests wait for the one before theirs besides."""
_STEPS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """Requests a second of one chip, `measured` in MLPerf Server. `round` is empty where rounds are taken together."""

    key: Key
    round: str
    measured: float
    predicted: float

    @property
    def error(self) -> float:
        return abs(self.predicted / self.measured - 1)


def capacity(seconds: Callable[[int], float], limit_s: float) -> float:
    """With `seconds` for a batch of so many. 0 where not even one alone keeps the limit.

    Caps are doubled; the best is found from the largest that the limit leaves time for: smaller ones carry less, in the end.
    """
    caps = [1 << power for power in range(LARGEST.bit_length()) if power == 0 or seconds(1 << power) <= _LONGEST * limit_s]
    best = 0.0
    for cap in reversed(caps):
        found = _at_cap(seconds, cap, limit_s)
        if found < best:
            break
        best = found
    return best


def _at_cap(seconds: Callable[[int], float], cap: int, limit_s: float) -> float:
    known = [size for size in (1 << power for power in range(cap.bit_length())) if size <= cap]
    batch_s = tuple(float(each) for each in np.interp(range(1, cap + 1), known, [seconds(size) for size in known]))
    low, high = 0.0, NUMERIC_LIMIT * cap / batch_s[-1]
    if batch_s[0] > limit_s:
        return 0.0
    if _holds(batch_s, high, limit_s):
        return high
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _holds(batch_s, middle, limit_s) else (low, middle)
    return low


def _holds(batch_s: tuple[float, ...], rate: float, limit_s: float) -> bool:
    return latency_percentiles(Queue(rate_per_s=rate, batch_s=batch_s), (PERCENTILE,))[0] <= limit_s


def from_measured(results: Results) -> Iterator[Capacity]:
    """Of every round, chip, model and precision that was measured in all three scenarios: `seconds(b) = a + d · b`.

    d is Offline's time for an item, a what SingleStream's median takes more.
    """
    by_cell: dict[tuple[str, str, str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    limits = {}
    for row in results.rows:
        cell = (row.key.chip, row.key.model, row.key.precision.value, row.round)
        by_cell[cell][row.key.scenario].append(row.value)
        limits[cell] = (row.key, row.slo_s)
    for cell, of in sorted(by_cell.items()):
        if {OFFLINE, SERVER, SINGLE} <= of.keys():
            key, limit_s = limits[cell]
            item_s, alone_s = 1 / median(of[OFFLINE]), median(of[SINGLE])
            predicted = capacity(_linear(max(0.0, alone_s - item_s), item_s), limit_s)
            yield Capacity(key=key, round=cell[-1], measured=median(of[SERVER]), predicted=predicted)


def _linear(fixed_s: float, item_s: float) -> Callable[[int], float]:
    return lambda batch: fixed_s + item_s * batch


def end_to_end(results: Results, folds: Folds) -> Iterator[Capacity]:
    """Of every chip with Server rows, from a fit without it."""
    limits: Mapping[str, float] = {row.key.model: row.slo_s for row in results.rows}
    fitted = {scored.key.precision for scored in folds.scored}
    for key, item_s in results.cells.items():
        if key.scenario == SERVER and key.precision in fitted:
            yield Capacity(
                key=key, round="", measured=1 / item_s, predicted=capacity(_computed(results, folds, key), limits[key.model])
            )


def _computed(results: Results, folds: Folds, key: Key) -> Callable[[int], float]:
    return lambda batch: call_s(key.model, batch, results.chips[key.chip], key.precision, folds.priors[key.chip])
