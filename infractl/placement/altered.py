"""A service's document as it would be with one demand changed: for asking what would be decided then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from infractl.domain.figure import Basis, Figure
from infractl.domain.placement import Relaxed
from infractl.spec.schema.field import Section
from infractl.spec.section.slo import Latency
from infractl.spec.service import InferenceService

S = TypeVar("S", bound=Section)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A time that a service promises at a percentile, in the section `of` of its SLO: latency, ttft or tpot."""

    of: str
    percentile: int
    seconds: float

    @property
    def field(self) -> str:
        """Below `spec`."""
        return f"slo.{self.of}.p{self.percentile}"


def limits(service: InferenceService) -> Iterator[Limit]:
    """Every time that is promised."""
    for of in ("latency", "ttft", "tpot"):
        for percentile, seconds in _section(service, of).limits_s.items():
            yield Limit(of=of, percentile=percentile, seconds=seconds)


def with_traffic(service: InferenceService, factor: float) -> InferenceService:
    """With every rate that is declared `factor` times as high: average and peak traffic, and what is promised of it."""
    traffic, slo = service.spec.traffic, service.spec.slo
    scaled = changed(traffic, average=_times(traffic.average, factor), peak=_times(traffic.peak, factor))
    promised = changed(slo, throughput=_times(slo.throughput, factor), token_throughput=_times(slo.token_throughput, factor))
    return _with_spec(service, traffic=scaled, slo=promised)


def with_limit(service: InferenceService, percentile: int, limit_s: float, of: str = "latency") -> InferenceService:
    """With a limit of `limit_s` at the percentile; limits at lower ones, which would be longer, are cut to it.

    A limit at a higher percentile that would be shorter is raised to it.
    """
    old = _section(service, of).limits_s
    new = {p: min(limit, limit_s) if p < percentile else max(limit, limit_s) for p, limit in old.items()} | {percentile: limit_s}
    section = changed(_section(service, of), **{f"p{p}": limit for p, limit in new.items()})
    return _with_spec(service, slo=changed(service.spec.slo, **{of: section}))


def relaxed(service: InferenceService, limit: Limit, to_s: float, source: str) -> tuple[Relaxed, ...]:
    """What is declared anew where a limit is raised: that limit first, then those at higher percentiles that it takes along."""
    along = [
        each for each in limits(service) if each.of == limit.of and each.percentile > limit.percentile and each.seconds < to_s
    ]
    return tuple(Relaxed(field=each.field, to=exactly(to_s, "s", source)) for each in (limit, *along))


def without_budget(service: InferenceService, of: str = "monthly") -> InferenceService:
    """With nothing that it may cost at most, a month or, `per_thousand`, for so many answers."""
    return _with_spec(service, budget=changed(service.spec.budget, **{of: None}))


def exactly(value: float, unit: str, source: str) -> Figure:
    """A figure that was set, and not found."""
    return Figure(value=value, unit=unit, low=value, high=value, basis=Basis.declared, source=source)


def _section(service: InferenceService, of: str) -> Latency:
    section: Latency = getattr(service.spec.slo, of)
    return section


def changed(section: S, **fields: Any) -> S:
    """The section with other values in these fields, which are not checked."""
    return type(section)(**{**vars(section), **fields})


def _with_spec(service: InferenceService, **fields: Any) -> InferenceService:
    return changed(service, spec=changed(service.spec, **fields))


def _times(rate: float | None, factor: float) -> float | None:
    return None if rate is None else rate * factor
