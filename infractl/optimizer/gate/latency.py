"""Whether a candidate is faster than its parent, timed in turns on this machine, or as estimates for another chip say."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from infractl.domain.figure import Basis, Figure
from infractl.domain.optimization import LatencyVerdict, Outcome
from infractl.optimizer.gate.answer import batch_of
from infractl.optimizer.rows import Rows
from infractl.tensors import Tensor

if TYPE_CHECKING:
    from infractl.engines.engine import Session

BATCHES = (1, 32)
NOISE = 0.03
"""By so much the same model was faster or slower than itself, in turns on a machine that others use as well."""
CELL_S = 1.5
_TURN_S = 0.002
"""A turn shorter than this would time the clock and the caches that the other model left."""
_MOST_ROUNDS = 300
_LEAST_ROUNDS = 6
"""The fewest whose smallest and largest ratio hold the median with 95%."""
_SLOW, _FEWEST_ROUNDS = 4, 3
"""A model of which six rounds take more than so many times its cell's time gets fewer."""

Timer = Callable[[], float]


def compare(
    parent: Session,
    candidate: Session,
    rows: Rows,
    *,
    batches: Sequence[int] = BATCHES,
    cell_s: float = CELL_S,
    timer: Timer = time.perf_counter,
) -> LatencyVerdict:
    """Time both models in turns on batches of `rows`, about `cell_s` seconds a size, twice as long where that does not tell.

    A model of a fixed batch is timed with that one alone. Raises ModelError where a model fails.
    """
    sizes = sorted({batch_of(parent.signature, size) for size in batches})
    cells = {size: _Cell(parent, candidate, _batch(rows, size)) for size in sizes}
    verdict = None
    for _ in range(2):
        for cell in cells.values():
            cell.run(cell_s, timer)
        verdict = judge_speed(
            call_s={size: cell.call_s() for size, cell in cells.items()},
            speedup={size: cell.speedup() for size, cell in cells.items()},
        )
        if verdict.outcome is not Outcome.unknown:
            break
    assert verdict is not None
    return verdict


def judge_speed(call_s: Mapping[int, Figure], speedup: Mapping[int, Figure]) -> LatencyVerdict:
    """Passed where the candidate is surely faster on the whole, by more than noise, and slower at no batch size, but for noise.

    The whole is the geometric mean over the batch sizes; its low end is that of the low ends. Estimates have no noise, and both
    err the same way: there the values decide, and the basis says that nothing was measured.
    """
    overall = _overall(speedup)
    measured = overall.basis is Basis.measured
    size, worst = min(speedup.items(), key=lambda item: item[1].value)
    if (worst.high if measured else worst.value) < 1 - NOISE:
        outcome, why = Outcome.failed, f"at batch {size} it runs at {worst.value:.2f} times the speed"
    elif (overall.high if measured else overall.value) <= 1 + NOISE:
        outcome, why = Outcome.failed, f"{overall.value:.2f} times as fast, which is no gain beyond noise"
    elif worst.value < 1 - NOISE:
        outcome, why = Outcome.unknown, f"at batch {size} it may be slower: {_interval(worst)}"
    elif (overall.low if measured else overall.value) <= 1 + NOISE:
        outcome, why = Outcome.unknown, f"too close to tell here: {_interval(overall)}"
    else:
        outcome, why = Outcome.passed, f"{overall.value:.2f} times as fast"
    if overall.basis is not Basis.measured:
        why = f"{why}, {overall.basis}: this chip is not here"
    return LatencyVerdict(outcome=outcome, call_s=call_s, speedup=speedup, overall=overall, why=why)


def _interval(speedup: Figure) -> str:
    return f"between {speedup.low:.2f} and {speedup.high:.2f} times as fast"


def from_estimates(given_s: Mapping[int, Figure], candidate_s: Mapping[int, Figure]) -> LatencyVerdict:
    """A verdict for a chip that is not here, from both models' call times (s) there by batch size, which somebody computed."""
    speedup = {
        size: Figure(
            value=given_s[size].value / candidate.value,
            unit="ratio",
            low=given_s[size].low / candidate.high,
            high=given_s[size].high / candidate.low,
            basis=_worst([given_s[size].basis, candidate.basis]),
            source=candidate.source,
        )
        for size, candidate in candidate_s.items()
    }
    return judge_speed(candidate_s, speedup)


def _overall(speedup: Mapping[int, Figure]) -> Figure:
    def mean(values: Sequence[float]) -> float:
        return math.exp(sum(map(math.log, values)) / len(values))

    figures = list(speedup.values())
    return Figure(
        value=mean([figure.value for figure in figures]),
        unit="ratio",
        low=mean([figure.low for figure in figures]),
        high=mean([figure.high for figure in figures]),
        basis=_worst([figure.basis for figure in figures]),
        source=f"geometric mean over the batch sizes {', '.join(map(str, speedup))}; {figures[0].source}",
    )


def _worst(bases: Sequence[Basis]) -> Basis:
    return max(bases, key=list(Basis).index)


@dataclass(slots=True)
class _Cell:
    """Both models on one batch. A round is a turn of each; who begins changes from round to round."""

    parent: Session
    candidate: Session
    batch: Mapping[str, Tensor]
    parent_s: list[float] = field(default_factory=list)
    candidate_s: list[float] = field(default_factory=list)

    def run(self, seconds: float, timer: Timer) -> None:
        """Rounds for so many seconds. Warmed up first: the first call allocates."""
        sessions = (self.parent, self.candidate)
        calls_s = [_turn(session, self.batch, 1, timer) for session in sessions]
        if sum(calls_s) < seconds / 4:
            calls_s = [_turn(session, self.batch, 1, timer) for session in sessions]
        calls = max(1, math.ceil(_TURN_S / max(*calls_s, 1e-7)))
        least = _LEAST_ROUNDS if _LEAST_ROUNDS * sum(calls_s) <= _SLOW * seconds else _FEWEST_ROUNDS
        began_s = timer()
        for round_ in range(_MOST_ROUNDS):
            if round_ >= least and timer() - began_s > seconds:
                break
            turns = [(self.parent, self.parent_s), (self.candidate, self.candidate_s)]
            for session, times_s in turns if round_ % 2 else reversed(turns):
                times_s.append(_turn(session, self.batch, calls, timer))

    def call_s(self) -> Figure:
        return _between_quartiles(self.candidate_s, "s", f"{len(self.candidate_s)} turns on this machine")

    def speedup(self) -> Figure:
        """The median of the rounds' ratios, between the order statistics that hold the true median with 95%.

        Of too few rounds for that, between all of them and as much beyond as a model differs from itself.
        """
        ratios = sorted(parent / candidate for parent, candidate in zip(self.parent_s, self.candidate_s, strict=True))
        rank, beyond = median_rank(len(ratios)), 0.0 if len(ratios) >= _LEAST_ROUNDS else NOISE
        return Figure(
            value=median(ratios),
            unit="ratio",
            low=ratios[rank] * (1 - beyond),
            high=ratios[-1 - rank] * (1 + beyond),
            basis=Basis.measured,
            source=f"{len(ratios)} rounds in turns on this machine",
        )


def median_rank(samples: int) -> int:
    """How many samples lie outside on each side of the narrowest interval that holds the median with 95%; 0 where none does.

    The number of samples below the median is binomial with one half: Conover, "Practical Nonparametric Statistics", 3.2.
    """
    below, rank = 0.0, 0
    for k in range(samples // 2):
        below += math.comb(samples, k) / 2**samples
        if below > 0.025:
            break
        rank = k
    return rank


def _turn(session: Session, batch: Mapping[str, Tensor], calls: int, timer: Timer) -> float:
    """Seconds a call."""
    began_s = timer()
    for _ in range(calls):
        session.run(batch)
    return (timer() - began_s) / calls


def _batch(rows: Rows, size: int) -> Mapping[str, Tensor]:
    """The first rows, again from the start where there are fewer."""
    return rows.at([i % len(rows) for i in range(size)]).inputs


def _between_quartiles(samples: Sequence[float], unit: str, source: str) -> Figure:
    ordered = sorted(samples)
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in (0.25, 0.75))
    return Figure(value=median(ordered), unit=unit, low=low, high=high, basis=Basis.measured, source=source)
