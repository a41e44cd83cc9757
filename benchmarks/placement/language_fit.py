"""Fits the constants of `infractl.placement.language` to measurements: `python -m benchmarks.placement.language_fit` writes them.

Seven numbers, by least squares on the logarithm of the time per token, with residuals beyond a tenth counted by their size
instead of its square (Huber 1964) and every chip and model counted the same, however many rows it has. Each is drawn to what is
known without these rows (`PRIORS`), so that what few rows tell of stays sensible.
The intervals are what the fit is wrong by where it was not fitted: a chip left out, a model left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.placement.language_row import Row, rows
from benchmarks.placement.language_terms import IDEAL, Chosen, Terms, Vector, terms, turn
from infractl.hardware.catalogue import chip
from infractl.placement.language.constants import Constants

FILE = Path(__file__).parents[2] / "infractl" / "placement" / "language" / "fitted.py"

PRIORS: Mapping[str, tuple[float, float]] = {
    "memory": (0.85, 0.08),
    "compute": (0.7, 0.15),
    "narrowing": (0.75, 0.15),
    "link": (0.5, 0.4),
    "layer_s": (30e-6, 0.5),
    "all_reduce_s": (8e-6, 0.4),
    "vllm": (1.05, 0.1),
}
"""What is known without these rows, and how far it may be off as a share. In aiconfigurator's tables of kernels, large products
on NVIDIA chips realise 0.67 to 0.85 of the peak at 16 bits and 0.47 to 0.54 at fp8, and reads 0.73 to 0.9 of the memory's
bandwidth; a layer has about ten kernels of some 3 us each. Of the rest an order of magnitude is known."""

_ALIKE = 10
"""As many independent measurements the rows are worth: those of one chip, model, precision and engine resemble each other."""

_HUBER, _STEPS = 0.1, 60
_CUT = (0.075, 0.925)
_FEW, _SHORT = 4, 1024


@dataclass(frozen=True, slots=True)
class Fit:
    """The constants' logarithms, in the order of `PRIORS`."""

    logs: Vector

    def constant(self, name: str) -> float:
        return float(np.exp(self.logs[list(PRIORS).index(name)]))

    def predict(self, of: Terms) -> Vector:
        """Seconds per token: the same as `Turn.tpot_s`, of many rows at once."""
        memory, compute, narrowing, link, layer_s, all_reduce_s, vllm = np.exp(self.logs)
        flops = compute * narrowing**of.halvings
        step = np.maximum(of.memory_s / memory, of.compute_s / flops) + of.layers * layer_s + of.reductions * all_reduce_s
        prompts = of.prompt_compute_s / flops + (of.transfer_s + of.prompt_transfer_s) / link
        result: Vector = (step + prompts) * vllm**of.vllm
        return result


def fit(measured: Sequence[Row], of: Terms) -> Fit:
    """By Gauss and Newton, each residual weighted anew; the step is shortened where it would not better the fit."""
    counted = Counter(row.group for row in measured)
    share = np.array([1 / counted[row.group] for row in measured])
    share /= share.sum()
    prior, spread = np.log([each for each, _ in PRIORS.values()]), np.array([apart for _, apart in PRIORS.values()])
    held = np.diag((_HUBER / spread) ** 2 / _ALIKE)
    logs = prior.copy()
    for _ in range(_STEPS):
        off, slopes = _linear(logs, of)
        weight = share / np.maximum(1.0, np.abs(off) / _HUBER)
        normal = slopes.T @ (weight[:, None] * slopes) + held
        step = np.linalg.solve(normal, -(slopes.T @ (weight * off)) - held @ (logs - prior))
        logs = logs + np.clip(step, -0.2, 0.2)
        if np.abs(step).max() < 1e-6:
            break
    return Fit(logs)


def _linear(logs: Vector, of: Terms) -> tuple[Vector, Vector]:
    """Residuals in logarithms, and how they change with each constant."""
    off = np.log(Fit(logs).predict(of) / of.measured_s)
    width = 1e-4
    moved = [np.log(Fit(logs + width * axis).predict(of) / of.measured_s) for axis in np.eye(len(logs))]
    return off, (np.array(moved) - off).T / width


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Rows that a fit to all others predicts. `interval` is what those others say of the true time over the predicted one."""

    name: str
    rows: Sequence[Row]
    measured_s: Vector
    predicted_s: Vector
    interval: tuple[float, float]


def left_out(measured: Sequence[Row], of: Terms, by: str) -> Iterator[LeftOut]:
    """For each value of `by` ("chip", "model"): the rows that have it."""
    values = np.array([getattr(row, by) for row in measured])
    for value in sorted(set(values.tolist())):
        out: Chosen = values == value
        others, judged = _of(measured, ~out), of.of(out)
        yield LeftOut(
            name=value,
            rows=_of(measured, out),
            measured_s=judged.measured_s,
            predicted_s=fit(others, of.of(~out)).predict(judged),
            interval=interval(others, of.of(~out)),
        )


def _of(measured: Sequence[Row], chosen: Chosen) -> list[Row]:
    return [row for row, used in zip(measured, chosen, strict=True) if used]


def interval(measured: Sequence[Row], of: Terms) -> tuple[float, float]:
    """The measured time over the predicted one, of each chip and model by a fit to rows that have neither of the two.

    Where no such rows are left, the model alone was left out. There are few chips and models, and a next one differs from them
    by more than they do among each other: so the ends are cut at 7.5% instead of at 10%.
    """
    groups = sorted({row.group for row in measured})
    ratios = np.concatenate([_ratios(measured, of, group) for group in groups])
    low, high = np.quantile(ratios, _CUT)
    return min(1.0, float(low)), max(1.0, float(high))


def _ratios(measured: Sequence[Row], of: Terms, group: tuple[str, str]) -> Vector:
    judged = np.array([row.group == group for row in measured])
    neither = np.array([row.chip != group[0] and row.model != group[1] for row in measured])
    kept = neither if neither.any() else np.array([row.model != group[1] for row in measured])
    if not kept.any():
        return np.empty(0)
    found = fit(_of(measured, kept), of.of(kept))
    result: Vector = of.of(judged).measured_s / found.predict(of.of(judged))
    return result


def request_times(measured: Sequence[Row], found: Constants) -> tuple[float, float, float]:
    """What is left of the time to first token of few clients with short prompts, when a step and the prompt are taken off.

    As few still meet each other at times, this is rather too much than too little. Between low and high are four in five.
    """
    few = [row for row in measured if row.clients <= _FEW and row.prompt <= _SHORT]
    left = [row.ttft_s - (made.prompt_s + made.step_s(1)) for row in few for made, _, _ in (turn(row, found),)]
    low, middle, high = np.quantile(left, (0.1, 0.5, 0.9))
    return float(low), float(middle), float(high)


def constants(measured: Sequence[Row], of: Terms) -> Constants:
    """Of all rows."""
    found = shipped(fit(measured, of))
    return replace(
        found,
        request_s=request_times(measured, found),
        error=interval(measured, of),
        chips=tuple(sorted({row.chip for row in measured})),
        makers=tuple(sorted({chip(row.chip).family.partition("-")[0] for row in measured})),
        source=f"{len(measured)} measurements of {_count(measured)} models (ai-dynamo/aiconfigurator 095f58a)",
    )


def shipped(found: Fit) -> Constants:
    """A fit as placement takes it, without what is not fitted to times per token."""
    return replace(
        IDEAL,
        memory=found.constant("memory"),
        compute=found.constant("compute"),
        narrowing=found.constant("narrowing"),
        link=found.constant("link"),
        layer_s=found.constant("layer_s"),
        all_reduce_s=found.constant("all_reduce_s"),
        engines={"trtllm": 1.0, "vllm": found.constant("vllm")},
    )


def text(of: Constants) -> str:
    """The module that ships them."""
    engines = ", ".join(f'"{name}": {_number(factor)}' for name, factor in of.engines.items())
    chips = ", ".join(f'"{name}"' for name in of.chips)
    makers = "".join(f'"{name}",' for name in of.makers)
    numbers = ("memory", "compute", "narrowing", "link", "layer_s", "all_reduce_s")
    lines = [f"    {name}={_number(getattr(of, name))}," for name in numbers]
    pairs = [f"    {name}=({', '.join(map(_number, getattr(of, name)))})," for name in ("request_s", "error")]
    return "\n".join(
        (
            '"""The constants as `python -m benchmarks.placement.language_fit` found them and wrote them here."""',
            "",
            "from __future__ import annotations",
            "",
            "from infractl.placement.language.constants import Constants",
            "",
            "FITTED = Constants(",
            *lines,
            f"    engines={{{engines}}},",
            *pairs,
            f"    chips=({chips}),",
            f"    makers=({makers}),",
            f'    source="{of.source}",',
            ")",
            "",
        )
    )


def _count(measured: Sequence[Row]) -> int:
    return len({row.model for row in measured})


def _number(value: float) -> str:
    return repr(float(f"{value:.3g}"))


if __name__ == "__main__":
    all_rows = rows()
    FILE.write_text(text(constants(all_rows, terms(all_rows))), encoding="utf-8")
    print(FILE.read_text(encoding="utf-8"))
