"""Fits what chips realise of their data sheets to published results: few numbers, each held to what physics or others say.

Least squares in logarithms of seconds, with each parameter's distance from its prior as one more residual: the estimate with the
highest posterior density where errors and priors are normal (ridge regression; Hoerl and Kennard, Technometrics 1970). What is
known of one design of chips is so pulled to what is known of all, the more the fewer chips of it there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import exp, log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.placement.mlperf import MULTI, MULTI_STREAM, OFFLINE, SINGLE, Key, names
from benchmarks.placement.model import profiles
from infractl.domain.chip import Chip
from infractl.domain.precision import Precision
from infractl.domain.profile import OperatorCost
from infractl.domain.work import Family
from infractl.hardware.catalogue import chip as chip_named
from infractl.hardware.catalogue import families
from infractl.hardware.efficiency import DesignEffect, Efficiency, Priors, efficiency, vendor_of
from infractl.placement.sheet import Sheet, sheet_of
from infractl.placement.work_table import WorkTable, at_batches

Array = NDArray[Any]
Plan = tuple[tuple[OperatorCost, WorkTable, Array], ...]

BATCHES = {OFFLINE: {"resnet50": 256, "bert_large": 64}, SINGLE: {}, MULTI: {}}
"""Of an item in Offline: so large that the fixed part of a call does not count."""
NOISE = {OFFLINE: 0.1, SINGLE: 0.25, MULTI: 0.25}
"""Standard deviation of the logarithm of one cell: latencies of a few hundred microseconds depend on host and software too."""
ANCHOR_NOISE = 0.2
OF_CHIPS = 0.1
"""Standard deviation between two chips of one design, beyond what their sheets tell."""
OF_MODELS = 0.15
"""The same between two models of the same operators: of the int8 peak, RetinaNet realises 0.40 where ResNet-50 does 0.50 (medians
over chips in MLPerf Inference), which are ln 1.25 = 0.22 apart."""

_STEP, _ROUNDS, _ENOUGH = 1e-4, 12, 1e-6

GLOBAL: Mapping[str, tuple[float, float]] = {
    # Prior and its standard deviation. Shares: of large products, measured by aiconfigurator, 0.47 to 0.85 of the peak and
    # 0.73 to 0.83 of the bandwidth. The power's cube root is the clock, which the share then goes with.
    "convolution": (log(0.6), 0.4),
    "product": (log(0.6), 0.4),
    "power": (1 / 3, 0.05),
    "memory": (log(0.8), 0.05),
    "activations": (log(0.3), 0.7),
    "launch": (log(4.0), 0.5),
    "call": (log(50.0), 0.7),
    "FP16": (0.0, 0.1),
    "FP8": (0.0, 0.1),
    "FP32": (0.0, 0.1),
}
OF_VENDOR: Mapping[str, float] = {"compute": 0.35, "launch": 0.3}
OF_DESIGN: Mapping[str, float] = {"compute": 0.2, "apart": 0.25, "launch": 0.25}
"""Standard deviations around 0: how far vendors, and designs of one vendor, are apart."""
OF_PROCESSORS = 0.4
"""The same for the designs of processors, whose units of one vector and of a matrix are hardly alike."""
BASELINE = "nvidia"
"""Most rows are of it: the others' effects are differences from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """The parameters by name, their covariance, and what follows for placement."""

    parameters: tuple[str, ...]
    values: Array
    covariance: Array
    priors: Priors


def fit(cells: Mapping[Key, float], chips: Mapping[str, Chip], start: Priors) -> Fit:
    """To these cells. `start` has what is not fitted."""
    keys = [key for key in cells if key.scenario in BATCHES]
    parameters = _parameters([chips[key.chip] for key in keys])
    prior, apart = (np.array([_prior(name)[part] for name in parameters]) for part in (0, 1))
    measured = np.array([log(cells[key]) for key in keys])
    noise = np.array([NOISE[key.scenario] for key in keys] + [ANCHOR_NOISE] * len(names()["realised"]))

    def missed(values: Array, wanted: Array) -> Array:
        known = priors_of(parameters, values, start)
        computed = [log(seconds(keys[index], chips[keys[index].chip], known)) for index in np.flatnonzero(wanted[: len(keys)])]
        found = np.concatenate([computed - measured[wanted[: len(keys)]], _anchors(known)[wanted[len(keys) :]]])
        missing: Array = found / noise[wanted]
        return missing

    problem = _Problem(missed=missed, touched=_touched(parameters, [chips[key.chip] for key in keys]), prior=prior, apart=apart)
    values, slope = _least_squares(problem)
    covariance = np.linalg.inv(slope.T @ slope)
    found = priors_of(parameters, values, start)
    return Fit(parameters=parameters, values=values, covariance=covariance, priors=_with_spreads(found, parameters, covariance))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Problem:
    """`missed` gives the wanted residuals; `touched` says for each parameter on which of them it has any effect."""

    missed: Callable[[Array, Array], Array]
    touched: Array
    prior: Array
    apart: Array

    def residuals(self, values: Array) -> Array:
        every = np.ones(self.touched.shape[1], bool)
        return np.concatenate([self.missed(values, every), (values - self.prior) / self.apart])

    def slope(self, values: Array, residuals: Array) -> Array:
        count = self.touched.shape[1]
        found = np.zeros((len(residuals), len(values)))
        found[count:] = np.diag(1 / self.apart)
        for index, wanted in enumerate(self.touched):
            moved = values.copy()
            moved[index] += _STEP
            found[:count][wanted, index] = (self.missed(moved, wanted) - residuals[:count][wanted]) / _STEP
        return found


def _least_squares(problem: _Problem) -> tuple[Array, Array]:
    """Levenberg-Marquardt from the priors on; the slope is that at the end."""
    values, damping = problem.prior.copy(), 1e-3
    residuals = problem.residuals(values)
    slope = problem.slope(values, residuals)
    for _ in range(_ROUNDS):
        normal = slope.T @ slope
        change = np.linalg.solve(normal + damping * np.diag(np.diag(normal)), -slope.T @ residuals)
        tried = problem.residuals(values + change)
        gain = residuals @ residuals - tried @ tried
        if gain < 0:
            damping *= 10
            continue
        values, residuals, damping = values + change, tried, damping / 10
        slope = problem.slope(values, residuals)
        if gain < _ENOUGH * (residuals @ residuals):
            break
    return values, slope


def _touched(parameters: Sequence[str], chips: Sequence[Chip]) -> Array:
    """Rows are parameters, columns the cells' chips and then those of the anchors."""
    anchored = [chip_named(entry["chip"]) for entry in names()["realised"]]
    found = []
    for name in parameters:
        which = name.partition(" ")[2].rpartition(" ")[0]
        found.append([name in GLOBAL or which in (chip.family, vendor_of(chip)) for chip in (*chips, *anchored)])
    return np.array(found)


def _parameters(chips: Sequence[Chip]) -> tuple[str, ...]:
    anchored = [chip_named(entry["chip"]) for entry in names()["realised"]]
    vendors = sorted({vendor_of(chip) for chip in (*chips, *anchored)} - {BASELINE})
    designs = sorted({chip.family for chip in chips})
    return (
        *GLOBAL,
        *(f"vendor {vendor} {what}" for vendor in vendors for what in OF_VENDOR),
        *(f"design {design} {what}" for design in designs for what in OF_DESIGN),
    )


def _prior(name: str) -> tuple[float, float]:
    if name in GLOBAL:
        return GLOBAL[name]
    sort, which, what = name.split()
    return 0.0, OF_VENDOR[what] if sort == "vendor" else _of_design(which)[what]


def _of_design(design: str) -> Mapping[str, float]:
    return OF_DESIGN if _vendor(design) != "cpu" else {**OF_DESIGN, "compute": OF_PROCESSORS}


def _vendor(design: str) -> str:
    return "cpu" if design in families() else design.partition("-")[0]


def priors_of(parameters: Sequence[str], values: Array, start: Priors) -> Priors:
    known = dict(zip(parameters, map(float, values), strict=True))
    conv, product = exp(known["convolution"]), exp(known["product"])
    tiled = {Family.convolution: conv, Family.product: product}
    narrow = exp(known["FP16"])
    return replace(
        start,
        compute=_scaled(start.compute, product) | tiled,
        processor_compute=_scaled(start.processor_compute, product) | tiled,
        power=known["power"],
        memory=exp(known["memory"]),
        activations=exp(known["activations"]),
        launch_us=exp(known["launch"]),
        call_us=exp(known["call"]),
        precisions={
            Precision.int8: 1.0,
            Precision.fp16: narrow,
            Precision.bf16: narrow,
            Precision.fp8: exp(known["FP8"]),
            Precision.fp32: exp(known["FP32"]),
        },
        designs=_effects(known, "design"),
        vendors=_effects(known, "vendor"),
    )


def _scaled(shares: Mapping[Family, float], product: float) -> dict[Family, float]:
    """Those that are not fitted stay in proportion to that of products."""
    return {family: share / shares[Family.product] * product for family, share in shares.items()}


def _effects(known: Mapping[str, float], sort: str) -> Mapping[str, DesignEffect]:
    found: dict[str, dict[str, float]] = {}
    for name, value in known.items():
        if name.startswith(f"{sort} "):
            _, which, what = name.split()
            found.setdefault(which, {})[what] = value
    return {which: DesignEffect(**effect) for which, effect in sorted(found.items())}


def seconds(key: Key, chip: Chip, known: Priors) -> float:
    """What is computed for a cell: of an item in Offline, of a query in the others."""
    batch = {OFFLINE: BATCHES[OFFLINE].get(key.model, 64), SINGLE: 1, MULTI: MULTI_STREAM}[key.scenario]
    items = batch if key.scenario == OFFLINE else 1
    return call_s(key.model, batch, chip, key.precision, known) / items


def call_s(model: str, batch: int, chip: Chip, precision: Precision, known: Priors) -> float:
    """One call with a whole chip to itself, as `ServiceTime` computes it, without what that takes to be ready for any model."""
    sheet = sheet_of(chip, precision, known)
    assert isinstance(sheet, Sheet), sheet
    plan = _plan(model, sheet.padded(batch), sheet.efficiency.folds)
    return sheet.efficiency.call_s + sum(float(counts @ sheet.operator_s(kind, works)) for kind, works, counts in plan)


@lru_cache(maxsize=64)
def _plan(model: str, batch: int, accelerator: bool) -> Plan:
    """The operators by kind with their works at a batch, and how many there are of each."""
    profile = profiles()[model]
    chip = chip_named("A100-SXM-80GB") if accelerator else None
    sheet = sheet_of(chip, Precision.int8) if chip else None
    operators = sheet.runs(profile) if isinstance(sheet, Sheet) else profile.run.operators
    kinds: dict[tuple[Family, Any], dict[str, list[Any]]] = {}
    for operator in operators:
        lines = kinds.setdefault((operator.family, operator.dtype), {})
        lines.setdefault(str(replace(operator, name="", operator="")), [operator, 0])[1] += 1
    return tuple(
        (
            next(iter(lines.values()))[0],
            at_batches([operator for operator, _ in lines.values()], [batch], "batch", {}),
            np.array([count for _, count in lines.values()], float),
        )
        for lines in kinds.values()
    )


def _anchors(known: Priors) -> Array:
    found = []
    for entry in names()["realised"]:
        of = efficiency(chip_named(entry["chip"]), Precision(entry["precision"]), known)
        assert isinstance(of, Efficiency)
        found.append(log(entry["share"] / of.compute[Family(entry["family"])]))
    return np.array(found)


def _with_spreads(known: Priors, parameters: tuple[str, ...], covariance: Array) -> Priors:
    """The posterior's standard deviation of a new chip's time, by what is known of its design and its vendor."""

    def spread(effects: Sequence[str], unseen: float) -> float:
        variances = []
        for sign, tiled in ((0.5, "convolution"), (-0.5, "product")):
            slope = np.zeros(len(parameters))
            slope[parameters.index(tiled)] = 1.0
            for effect in effects:
                for what, weight in (("compute", 1.0), ("apart", sign)):
                    if (name := f"{effect} {what}") in parameters:
                        slope[parameters.index(name)] = weight
            variances.append(float(slope @ covariance @ slope))
        return float(np.sqrt(np.mean(variances) + OF_CHIPS**2 + OF_MODELS**2 + unseen))

    def another(vendor: str) -> float:
        """The variance of a design of which there are no rows."""
        return (OF_PROCESSORS if vendor == "cpu" else OF_DESIGN["compute"]) ** 2 + OF_DESIGN["apart"] ** 2 / 4

    vendors = {name: replace(of, spread=spread([f"vendor {name}"], another(name))) for name, of in known.vendors.items()}
    vendors[BASELINE] = DesignEffect(spread=spread([], another(BASELINE)))
    designs = {
        name: replace(of, spread=spread([f"design {name}", f"vendor {_vendor(name)}"], 0.0)) for name, of in known.designs.items()
    }
    unseen = {**known.unseen_spread, "vendor": spread([], another("") + OF_VENDOR["compute"] ** 2)}
    return replace(known, designs=designs, vendors=vendors, unseen_spread=unseen)
