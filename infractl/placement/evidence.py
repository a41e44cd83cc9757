"""Which measurements a placement's figures rest on."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.measurement import Measurement, Measurements
from infractl.domain.placement import Placement
from infractl.domain.profile import ModelProfile
from infractl.spec.service import InferenceService


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`known` is all that was measured of the model on such a chip, `exact` what was of this shape at what is demanded of it.

    `scaled_by` says what computed figures were scaled by; empty where nothing was measured.
    """

    known: tuple[Measurement, ...]
    exact: tuple[Measurement, ...]
    scaled_by: str


def evidence(service: InferenceService, profile: ModelProfile, placement: Placement, known: Measurements) -> Evidence:
    if not known.measurements:
        return Evidence(known=(), exact=(), scaled_by="")
    # What computes figures is imported only where measured ones are to be compared with them.
    from infractl.placement.demand import Demand
    from infractl.placement.evaluate import candidates
    from infractl.placement.measured import artifact_digest, seen
    from infractl.placement.shape import Shape

    offer, recipe, demand = placement.offer, placement.recipe, Demand.of(service)
    chosen = next(c for c in candidates(service, profile, offer, recipe, known) if c.shape == Shape.of(placement))
    of = (artifact_digest(profile, offer.chip, recipe, known), offer.chip.name)
    return Evidence(
        known=tuple(m for m in known.measurements if (m.artifact, m.chip) == of),
        exact=seen(chosen, demand).used,
        scaled_by=chosen.correction.source,
    )
