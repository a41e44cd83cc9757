"""How many replicas there may be: what the document asks for, and what the offer has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from infractl.domain.figure import Basis, Figure
from infractl.domain.offer import Offer
from infractl.domain.placement import Violation
from infractl.placement.replicas import LEAST_AVAILABLE
from infractl.spec.section.serving import Replicas
from infractl.spec.service import InferenceService

MOST = 10_000
"""Where nobody says how many there are: more than any plan is for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """At least and at most so many replicas. `is_limited` says that somebody set the most, `is_fixed` that it is a number."""

    least: int = 1
    most: int = MOST
    is_limited: bool = False
    is_fixed: bool = False

    @classmethod
    def of(cls, service: InferenceService, offer: Offer) -> Bounds:
        """What `spec.serving.replicas` and the offer's number leave."""
        return _between(*_declared(service), offer.available)

    @property
    def shown(self) -> int:
        """As many as a reader is told of where too few carry the traffic."""
        return self.most if self.is_limited else self.least


@lru_cache(maxsize=1024)
def _between(least: int, most: int | None, available: int | None) -> Bounds:
    limits = [limit for limit in (most, available) if limit is not None]
    return Bounds(least=least, most=min(limits, default=MOST), is_limited=bool(limits), is_fixed=least == most)


def quota(service: InferenceService, offer: Offer) -> Violation | None:
    """Why the offer or the document has fewer replicas than must be there at least, whatever the traffic."""
    bounds, availability = Bounds.of(service, offer), service.spec.slo.availability
    least = bounds.least if availability is None else max(bounds.least, LEAST_AVAILABLE)
    if least <= bounds.most:
        return None
    return fewer(least, bounds.most, "spec.slo.availability" if least > bounds.least else "spec.serving.replicas", offer)


def fewer(need: int, have: int, source: str, offer: Offer) -> Violation:
    """So many are needed, for what is declared at `source`, and fewer may be."""
    return Violation(code="quota", need=_count(need, source), have=_count(have, f"what there may be of {offer.name}"))


def _declared(service: InferenceService) -> tuple[int, int | None]:
    """Nothing that stands there goes to sleep: the least is one."""
    match service.spec.serving.replicas:
        case Replicas(min=least, max=most):
            return max(1, least), most
        case int() as number:
            return number, number
        case _:
            return 1, None


def _count(number: int, source: str) -> Figure:
    value = float(number)
    return Figure(value=value, unit="replicas", low=value, high=value, basis=Basis.declared, source=source)
