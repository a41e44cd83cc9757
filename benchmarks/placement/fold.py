"""Predictions of what was left out of the fit: every cell of one chip, or of one model, by what the rest shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import exp
from statistics import median

from benchmarks.placement.fit import BATCHES, fit, seconds
from benchmarks.placement.fit_efficiency import before
from benchmarks.placement.mlperf import OFFLINE, Key, Results
from benchmarks.placement.model import profiles
from infractl.domain.figure import Figure
from infractl.hardware.efficiency import Efficiency, Priors, efficiency
from infractl.placement.speed import EIGHTY_PERCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A cell that was predicted without it. `naive_s` is by the peak and one efficiency for all; None beside Offline."""

    key: Key
    family: str
    measured_s: float
    predicted_s: float
    spread: float
    naive_s: float | None

    @property
    def error(self) -> float:
        """Of the predicted rate, as a share of the measured one."""
        return abs(self.measured_s / self.predicted_s - 1)

    @property
    def naive_error(self) -> float | None:
        return abs(self.measured_s / self.naive_s - 1) if self.naive_s else None

    @property
    def width(self) -> float:
        """How many times the low end of the 80% interval the high one is."""
        return exp(2 * EIGHTY_PERCENT * self.spread)

    @property
    def inside(self) -> bool:
        ratio = self.measured_s / self.predicted_s
        return exp(-EIGHTY_PERCENT * self.spread) <= ratio <= exp(EIGHTY_PERCENT * self.spread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folds:
    """`scored` cells, and the `null` ones, of a precision that no other row of the fold has. `priors` are each fold's own."""

    scored: tuple[Scored, ...]
    null: tuple[Key, ...]
    priors: Mapping[str, Priors]


def left_out(results: Results, part: Callable[[Key], str]) -> Folds:
    """One fold for each chip or model, whichever `part` gives of a cell."""
    cells = results.cells
    scored: list[Scored] = []
    null: list[Key] = []
    priors: dict[str, Priors] = {}
    for name in sorted({part(key) for key in cells}):
        rest = {key: value for key, value in cells.items() if part(key) != name}
        kept = {key.precision for key in rest}
        priors[name] = fit(rest, results.chips, before()).priors
        of_fold = [key for key in cells if part(key) == name and key.scenario in BATCHES]
        null += [key for key in of_fold if key.precision not in kept]
        scored += _scored(results, [key for key in of_fold if key.precision in kept], priors[name], rest)
    return Folds(scored=tuple(scored), null=tuple(null), priors=priors)


def _scored(results: Results, keys: list[Key], known: Priors, rest: Mapping[Key, float]) -> Iterator[Scored]:
    share = median(_realised(results, key, each) for key, each in rest.items() if key.scenario == OFFLINE)
    for key in keys:
        chip = results.chips[key.chip]
        found = efficiency(chip, key.precision, known)
        assert isinstance(found, Efficiency)
        yield Scored(
            key=key,
            family=chip.family,
            measured_s=results.cells[key],
            predicted_s=seconds(key, chip, known),
            spread=found.spread,
            naive_s=_realised(results, key, results.cells[key]) * results.cells[key] / share if key.scenario == OFFLINE else None,
        )


def _realised(results: Results, key: Key, item_s: float) -> float:
    """The share of the peak at which an item takes so long."""
    peak = results.chips[key.chip].peak_flops_per_s[key.precision]
    assert isinstance(peak, Figure)
    return profiles()[key.model].flops.at({"batch": 1.0}) / item_s / peak.value
