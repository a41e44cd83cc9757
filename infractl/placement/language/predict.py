"""What a server of a language model gives at a rate."""

from __future__ import annotations

from infractl.domain.chip import Chip
from infractl.domain.figure import Basis, Figure
from infractl.domain.language_prediction import LanguagePrediction
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision
from infractl.placement.language.case import Case, case
from infractl.placement.language.constants import Constants
from infractl.placement.language.estimate import estimated_times
from infractl.placement.language.fitted import FITTED
from infractl.placement.language.percentile import Quantile, Times, simulated_times
from infractl.placement.language.turn import Turn

PERCENTILES = (50, 95, 99)

_EIGHTY = 1.28
"""Standard errors either way that hold four in five."""


def predict_language(
    model: LanguageProfile,
    chip: Chip,
    count: int,
    precision: Precision,
    *,
    prompt: int,
    output: int,
    rate_per_s: float,
    engine: str | None = None,
    simulated: bool = True,
    constants: Constants = FITTED,
) -> LanguagePrediction | Violation:
    """One server on `count` chips at `rate_per_s` Poisson arrivals of prompts of `prompt` tokens with `output` to make.

    `simulated` takes some tenths of a second; without it closed forms take less than a millisecond. Violations:
    `precision-unsupported`, `uneven-split`, `context-exceeded`, `does-not-fit-memory`, `no-figures`, and `unstable` where the
    rate is more than it can carry. Where only the slow end cannot carry it, the high ends are of a queue that grows as long as
    the simulation lasts: `capacity_per_s.low` tells.
    """
    found = case(model, chip, count, precision, prompt=prompt, output=output, constants=constants, engine=engine)
    if isinstance(found, Violation):
        return found
    capacity = found.rate(Turn.capacity_per_s)
    if rate_per_s >= capacity.value:
        same = {"value": rate_per_s, "low": rate_per_s, "high": rate_per_s}
        need = Figure(**same, unit="1/s", basis=Basis.declared, source="the rate asked for")
        return Violation(code="unstable", need=need, have=capacity)
    ttft, tpot, latency = _figures(found, rate_per_s, simulated)
    return LanguagePrediction(
        count=count,
        precision=precision,
        prompt=prompt,
        output=output,
        rate_per_s=rate_per_s,
        ttft_s=ttft,
        tpot_s=tpot,
        latency_s=latency,
        capacity_per_s=capacity,
        tokens_per_s=capacity.scaled(output),
        memory_bytes=found.room.used_bytes,
        batch=found.expected.running(rate_per_s),
        batch_limit=found.room.sequences,
        utilization=rate_per_s / capacity.value,
        simulated=simulated,
    )


def _figures(found: Case, rate_per_s: float, simulated: bool) -> tuple[dict[int, Figure], ...]:
    """Times to the first token, between tokens and to the last, by percentile. One simulation for each end serves them all."""

    def times_of(turn: Turn) -> Times:
        if not simulated:
            return estimated_times(turn, rate_per_s, PERCENTILES)
        return simulated_times(turn, rate_per_s, PERCENTILES)

    ends = [times_of(turn) for turn in (found.fast, found.expected, found.slow)]
    kinds = ([end.ttft for end in ends], [end.tpot for end in ends], [end.latency for end in ends])
    return tuple({p: _figure(found, *(end[p] for end in kind)) for p in kind[0]} for kind in kinds)


def _figure(found: Case, fast: Quantile, expected: Quantile, slow: Quantile) -> Figure:
    """The ends are those of the server, and beyond them what the simulation's length leaves uncertain."""
    low, high = fast.seconds - _EIGHTY * fast.error_s, slow.seconds + _EIGHTY * slow.error_s
    return found.figure("s", max(low, fast.seconds / 2), expected.seconds, high)
