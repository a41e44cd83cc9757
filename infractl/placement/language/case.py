"""A model on a number of chips at one precision and one shape of request: how fast at both ends, and what fits."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from infractl.domain.chip import Chip
from infractl.domain.figure import Basis, Figure
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision
from infractl.placement.language.constants import Constants
from infractl.placement.language.fitted import FITTED
from infractl.placement.language.room import Room, room
from infractl.placement.language.speed import language_speed
from infractl.placement.language.turn import Turn

OTHER_MAKER = 1.7
"""How much longer all may take on a chip of a maker whose chips the constants were not fitted on: a guess. AMD's result with
Llama-2-70B on eight MI300X in MLPerf v4.1, 23,500 tokens a second (recalled), takes 1.7 times what is computed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`fast`, `expected` and `slow` differ in the factor on all times: the ends of an 80% interval and its middle."""

    fast: Turn
    expected: Turn
    slow: Turn
    room: Room
    basis: Basis
    source: str

    def rate(self, per_s: Callable[[Turn], float]) -> Figure:
        """A rate, which is lowest at the slow end."""
        return self.figure("1/s", *(per_s(turn) for turn in (self.slow, self.expected, self.fast)))

    def figure(self, unit: str, low: float, value: float, high: float) -> Figure:
        """Simulations at other speeds need not come out in order; the ends of a figure do."""
        return Figure(value=value, unit=unit, low=min(value, low), high=max(value, high), basis=self.basis, source=self.source)


def case(
    model: LanguageProfile,
    chip: Chip,
    count: int,
    precision: Precision,
    *,
    prompt: int,
    output: int,
    constants: Constants = FITTED,
    engine: str | None = None,
) -> Case | Violation:
    """A server on `count` chips for prompts of `prompt` tokens with `output` to make, or the reason why it cannot run.

    Violations: `precision-unsupported`, `uneven-split`, `context-exceeded`, `does-not-fit-memory`, `no-figures`.
    """
    longest = model.model.context
    if longest is not None and prompt + output > longest:
        return Violation(code="context-exceeded", need=f"{prompt + output} tokens", have=f"{longest}")
    speed = language_speed(model.model, chip, count, precision, constants, engine)
    if isinstance(speed, Violation):
        return speed
    fits = room(speed, chip, prompt, output)
    if isinstance(fits, Violation):
        return fits
    known = chip.name in constants.chips
    turns = (
        Turn.of(speed.scaled(factor), fits, prompt, output, request_s)
        for factor, request_s in zip(_factors(chip, known, constants, engine), constants.request_s, strict=True)
    )
    fast, expected, slow = turns
    return Case(
        fast=fast,
        expected=expected,
        slow=slow,
        room=fits,
        basis=Basis.calibrated if known else Basis.estimated,
        source=f"the model's config and the data sheet of {chip.name}, with constants from {constants.source}",
    )


def _factors(chip: Chip, known: bool, constants: Constants, engine: str | None) -> tuple[float, float, float]:
    """On all times: what the fit is wrong by, what is not known of the engine, and what another chip's data sheet may be."""
    low, high = constants.error
    spread, sheet = constants.engine_spread(engine), chip.bandwidth_bytes_per_s
    if known or not isinstance(sheet, Figure):
        return 1 / _together(1 / low, spread), 1.0, _together(high, spread)
    maker = chip.family.partition("-")[0]
    slower = OTHER_MAKER if maker and maker not in constants.makers else 1.0
    fast = _together(1 / low, spread, sheet.high / sheet.value)
    return 1 / fast, 1.0, _together(high, spread, sheet.value / sheet.low, slower)


def _together(*factors: float) -> float:
    """Of what goes wrong independently: their logarithms add up as deviations do, by squares."""
    return math.exp(math.hypot(*(math.log(factor) for factor in factors)))
