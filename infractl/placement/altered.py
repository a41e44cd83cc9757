"""A service's document as it would be with one demand changed: for asking what would be decided then."""

from __future__ import annotations

from typing import Any, TypeVar

from infractl.spec.schema.field import Section
from infractl.spec.service import InferenceService

S = TypeVar("S", bound=Section)


def with_traffic(service: InferenceService, factor: float) -> InferenceService:
    """With every rate that is declared `factor` times as high: average and peak traffic, and the promised throughput."""
    traffic, slo = service.spec.traffic, service.spec.slo
    scaled = changed(traffic, average=_times(traffic.average, factor), peak=_times(traffic.peak, factor))
    return _with_spec(service, traffic=scaled, slo=changed(slo, throughput=_times(slo.throughput, factor)))


def with_limit(service: InferenceService, percentile: int, limit_s: float) -> InferenceService:
    """With a latency limit of `limit_s` at the percentile; limits at lower ones, which would be longer, are cut to it.

    A limit at a higher percentile that would be shorter is raised to it.
    """
    limits = service.spec.slo.latency.limits_s
    new = {p: min(old, limit_s) if p < percentile else max(old, limit_s) for p, old in limits.items()} | {percentile: limit_s}
    latency = changed(service.spec.slo.latency, **{f"p{p}": limit for p, limit in new.items()})
    return _with_spec(service, slo=changed(service.spec.slo, latency=latency))


def without_budget(service: InferenceService) -> InferenceService:
    return _with_spec(service, budget=changed(service.spec.budget, monthly=None))


def changed(section: S, **fields: Any) -> S:
    """The section with other values in these fields, which are not checked."""
    return type(section)(**{**vars(section), **fields})


def _with_spec(service: InferenceService, **fields: Any) -> InferenceService:
    return changed(service, spec=changed(service.spec, **fields))


def _times(rate: float | None, factor: float) -> float | None:
    return None if rate is None else rate * factor
