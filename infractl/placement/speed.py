"""How fast a chip runs what a recipe makes, wherever that is known from. Predictions are computed from nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, hypot

from infractl.domain.calibration import ActivationFetch, Calibration, WeightFetch
from infractl.domain.chip import Chip
from infractl.domain.figure import Basis, Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.measurement import Measurements
from infractl.domain.optimization import LatencyVerdict
from infractl.domain.precision import Precision
from infractl.domain.recipe import AS_GIVEN, Recipe
from infractl.domain.unknown import Unknown
from infractl.domain.work import Family, TimedWork
from infractl.hardware.efficiency import priors
from infractl.placement.allowed import pruned_share
from infractl.placement.sheet import Sheet, sheet_of

MODEL_ERROR = (0.7, 1.4)
"""The true time over the computed one, for the server loop of a calibrated machine."""

OPERATOR_ERROR = (0.75, 1.3)
"""The true time over the computed one, for models on a calibrated machine. Of 36 random ones at three batches
(`benchmarks/models/interval.py`, AMD EPYC, 2 cores) nine in ten lie between 0.89 and 1.34 times; lower, there is room for
calibrations that come out slower than others."""

EIGHTY_PERCENT = 1.2816
"""Standard deviations of a normal distribution to either side, between which eight in ten of what it gives lie."""

_SUBMITTED = frozenset({"tensorrt", "openvino", "xla", "neuron"})
"""Engines of the kind that published results are of: compilers by a chip's maker. Any other is no faster, and may be slower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Of one core with its engine, and of the server in front of it, for one recipe. `basis` is what is computed with it.

    `flops_per_s` is in the recipe's element type; the other figures are as in `Calibration`. Of a chip that nobody calibrated
    there is a data sheet, and its rates are the whole chip's. The errors are the true time over the computed one at either end:
    of a model, and of the server loop. `scale` is how many times as long as computed the model takes, by what was measured.
    """

    flops_per_s: Figure
    bandwidth_bytes_per_s: Figure
    cached_bandwidth_bytes_per_s: Figure
    cached_bytes: int
    call_s: Figure
    operator_s: Figure
    request_s: Figure
    value_s: Figure
    requests_per_s: Figure
    joined_per_s: Figure
    joined: int
    basis: Basis
    source: str
    kernels: tuple[TimedWork, ...] = ()
    weight_fetches: tuple[WeightFetch, ...] = ()
    activation_fetches: tuple[ActivationFetch, ...] = ()
    sheet: Sheet | None = None
    engine_error: tuple[float, float] = OPERATOR_ERROR
    server_error: tuple[float, float] = MODEL_ERROR
    scale: float = 1.0


def speed_of(chip: Chip, recipe: Recipe, known: Measurements) -> Speed | Unknown:
    """The speed by the chip's calibration, which is of the engine and the element type of models as they are given.

    Without one it is estimated by its data sheet, as far as that tells.
    """
    calibration = known.calibrations.get(chip.name)
    if calibration is not None and (made := known.made(chip.name, recipe)) and made.latency:
        return _made(_calibrated(calibration), made.recipe, made.latency)
    if calibration is None:
        return _estimated(chip, recipe) if chip.family else Unknown("no calibration")
    if (recipe.engine, recipe.dtype) != (AS_GIVEN.engine, AS_GIVEN.dtype):
        return Unknown(f"a calibration for {AS_GIVEN.engine} in {AS_GIVEN.dtype} alone")
    return _calibrated(calibration)


def _estimated(chip: Chip, recipe: Recipe) -> Speed | Unknown:
    share = pruned_share(recipe)
    key = (chip.name, chip.hardware_class, recipe.dtype, recipe.engine, share)
    kept = _ESTIMATED.get(key)
    # How much memory is beside it makes a processor no faster.
    if kept is None or (kept[0] is not chip and replace(kept[0], memory_bytes=chip.memory_bytes) != chip):
        speed = _from_sheet(chip, recipe.dtype, recipe.engine)
        _ESTIMATED[key] = kept = (chip, speed if isinstance(speed, Unknown) or not share else _pruned(speed, share))
    return kept[1]


def _pruned(speed: Speed, share: float) -> Speed:
    """Of a model that is yet to lose this share of its units: its width w makes layers between pruned ones w² of what they were.

    Those at the ends become w of it, and so do activations: the truth lies between the two, and what is computed in the middle.
    """
    width = 1 - share
    low, high = speed.engine_error
    return replace(
        speed,
        scale=speed.scale * width**1.5,
        engine_error=(low * width**0.5, high * width**-0.5),
        source=f"{speed.source}; by how much less there is to compute with {share:.0%} of the units gone",
    )


_ESTIMATED: dict[tuple[str, HardwareClass, Precision, str, float], tuple[Chip, Speed | Unknown]] = {}
"""Service times are kept by the speed that they are of, so that one chip's is to be one object."""


def _from_sheet(chip: Chip, precision: Precision, engine: str) -> Speed | Unknown:
    sheet = sheet_of(chip, precision)
    if isinstance(sheet, Unknown):
        return sheet
    known = priors()
    source = f"the data sheet of {chip.name} in {precision} and {known.source}"
    spread = sheet.efficiency.spread
    slower = spread if engine in _SUBMITTED else hypot(spread, known.unseen_spread["engine"])

    def figure(value: float, unit: str, low: float | None = None, high: float | None = None) -> Figure:
        low, high = value if low is None else low, value if high is None else high
        return Figure(value=value, unit=unit, low=low, high=high, basis=Basis.estimated, source=source)

    server = known.server
    low_s, request_s, high_s = server["request_s"]
    return Speed(
        flops_per_s=figure(sheet.flops_per_s[Family.product], "FLOP/s"),
        bandwidth_bytes_per_s=figure(sheet.bytes_per_s, "B/s"),
        cached_bandwidth_bytes_per_s=figure(sheet.bytes_per_s, "B/s"),
        cached_bytes=0,
        call_s=figure(sheet.efficiency.call_s, "s"),
        operator_s=figure(sheet.efficiency.launch_s, "s"),
        request_s=figure(request_s, "s", low_s, high_s),
        value_s=figure(server["value_s"], "s"),
        requests_per_s=figure(server["requests_per_s"], "1/s"),
        joined_per_s=figure(server["joined_per_s"], "1/s"),
        joined=server["joined"],
        basis=Basis.estimated,
        source=source,
        sheet=sheet,
        engine_error=(exp(-EIGHTY_PERCENT * spread), exp(EIGHTY_PERCENT * slower)),
        server_error=(server["error"][0], server["error"][1]),
    )


def _made(given: Speed, recipe: Recipe, latency: LatencyVerdict) -> Speed:
    """As many times as fast as the given model as was measured; between its ends lie all sizes of batch that were."""
    times = latency.overall.value
    slowest, fastest = min(f.low for f in latency.speedup.values()), max(f.high for f in latency.speedup.values())
    low, high = given.engine_error
    return replace(
        given,
        scale=given.scale / times,
        engine_error=(low * times / fastest, high * times / slowest),
        source=f"{given.source}; {recipe.name} was measured {times:.2g} times as fast as the given model",
    )


def _calibrated(calibration: Calibration) -> Speed:
    return Speed(
        flops_per_s=calibration.flops_per_s,
        bandwidth_bytes_per_s=calibration.bandwidth_bytes_per_s,
        cached_bandwidth_bytes_per_s=calibration.cached_bandwidth_bytes_per_s,
        cached_bytes=calibration.cached_bytes,
        call_s=calibration.call_s,
        operator_s=calibration.operator_s,
        request_s=calibration.request_s,
        value_s=calibration.value_s,
        requests_per_s=calibration.requests_per_s,
        joined_per_s=calibration.joined_per_s,
        joined=calibration.joined,
        basis=Basis.calibrated,
        source=f"this machine's calibration of {calibration.at:%Y-%m-%d}",
        kernels=calibration.kernels,
        weight_fetches=calibration.weight_fetches,
        activation_fetches=calibration.activation_fetches,
    )
