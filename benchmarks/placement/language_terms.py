"""Measured rows as arrays: what each time per token is made of before any constant is applied, so that a fit takes seconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from benchmarks.placement.language_row import Row, profile_of
from infractl.hardware.catalogue import chip
from infractl.placement.language.constants import Constants, halvings
from infractl.placement.language.room import Room, room
from infractl.placement.language.speed import LanguageSpeed, language_speed
from infractl.placement.language.storage import Storage, storage
from infractl.placement.language.turn import Turn

Vector = NDArray[np.float64]
Chosen = NDArray[np.bool_]

IDEAL = Constants(
    memory=1.0,
    compute=1.0,
    narrowing=1.0,
    link=1.0,
    layer_s=0.0,
    all_reduce_s=0.0,
    engines={},
    request_s=(0.0, 0.0, 0.0),
    error=(1.0, 1.0),
    chips=(),
    makers=(),
    source="data sheets alone",
)
"""A chip that does what its data sheet says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Of each row, in seconds as data sheets have it: reading of weights and cache, operations of a step, what chips exchange in
    it, and of the prompts that hold a token up their operations and exchange. `layers` and `reductions` are counted, `halvings`
    as `Constants` counts them, `vllm` is 1 for that engine.
    """

    memory_s: Vector
    compute_s: Vector
    transfer_s: Vector
    prompt_compute_s: Vector
    prompt_transfer_s: Vector
    layers: Vector
    reductions: Vector
    halvings: Vector
    vllm: Vector
    measured_s: Vector

    def of(self, chosen: Chosen) -> Terms:
        return Terms(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})


def terms(measured: Sequence[Row]) -> Terms:
    found = [_terms(row) for row in measured]
    return Terms(**{name: np.array([each[name] for each in found], dtype=float) for name in found[0]})


def turn(row: Row, constants: Constants) -> tuple[Turn, LanguageSpeed, int]:
    """The row's server, and how many of its clients it serves at a time. Raises ValueError where it could not run."""
    model, on = profile_of(row.model), chip(row.chip)
    speed = language_speed(model.model, on, row.chips, row.precision, constants, row.engine)
    if not isinstance(speed, LanguageSpeed):
        raise ValueError(str(speed))
    fits = room(speed, on, row.prompt, row.output)
    if not isinstance(fits, Room):
        raise ValueError(str(fits))
    return Turn.of(speed, fits, row.prompt, row.output), speed, min(row.clients, fits.sequences)


def _terms(row: Row) -> dict[str, float]:
    made, speed, batch = turn(row, IDEAL)
    stored = storage(speed.model, chip(row.chip), row.precision)
    assert isinstance(stored, Storage)
    others = (batch - 1) / row.output
    prompt_compute_s = speed.model.prefill_flops(row.prompt) / speed.chips / speed.flops_per_s
    return {
        "memory_s": speed.read_s(batch) + batch * made.step.cache_s,
        "compute_s": batch * made.step.compute_s,
        "transfer_s": batch * made.step.transfer_s,
        "prompt_compute_s": others * prompt_compute_s,
        "prompt_transfer_s": others * (made.prompt_s - prompt_compute_s),
        "layers": speed.dense_layers,
        "reductions": 2 * speed.model.layer_count if speed.chips > 1 else 0,
        "halvings": halvings(stored.compute),
        "vllm": row.engine == "vllm",
        "measured_s": row.tpot_s,
    }
