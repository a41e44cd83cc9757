"""How fast a chip runs what a recipe makes, wherever that is known from. Predictions are computed from nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.calibration import ActivationFetch, Calibration, WeightFetch
from infractl.domain.chip import Chip
from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import Measurements
from infractl.domain.recipe import AS_GIVEN, Recipe
from infractl.domain.unknown import Unknown
from infractl.domain.work import TimedWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Of one core with its engine, and of the server in front of it, for one recipe. `basis` is what is computed with it.

    `flops_per_s` is in the recipe's element type; the other figures are as in `Calibration`.
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


def speed_of(chip: Chip, recipe: Recipe, known: Measurements) -> Speed | Unknown:
    """The speed by the chip's calibration, which is of the engine and the element type of models as they are given."""
    calibration = known.calibrations.get(chip.name)
    if calibration is None:
        return Unknown("no calibration")
    if (recipe.engine, recipe.dtype) != (AS_GIVEN.engine, AS_GIVEN.dtype):
        return Unknown(f"a calibration for {AS_GIVEN.engine} in {AS_GIVEN.dtype} alone")
    return _calibrated(calibration)


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
