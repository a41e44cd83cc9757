"""How a service's traffic moves over days and weeks, as its document says it."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from infractl.placement.week import Curve, curve, mean_factor, scheduled
from infractl.spec.section.serving import Replicas
from infractl.spec.service import InferenceService

_BEGIN = (2026, 1, 5)
"""A Monday. Which one is the same for a plan's cost, and a fixed one makes the same plan tomorrow."""


def season(service: InferenceService) -> Curve:
    """Parts of the peak, one after the other: by the schedule where there is one, else by the pattern."""
    traffic, peak = service.spec.traffic, service.peak_per_s
    if traffic.schedule and traffic.peak and peak:
        periods = tuple((period.cron, period.factor * traffic.peak / peak) for period in traffic.schedule)
        return _scheduled(periods, traffic.time_zone)
    average = None if traffic.average is None or not peak else min(1.0, traffic.average / peak)
    return curve(traffic.pattern, average)


def average_per_s(service: InferenceService) -> float:
    """The mean rate over a month; 0 where no traffic is declared."""
    traffic, peak = service.spec.traffic, service.peak_per_s or 0.0
    return traffic.average if traffic.average is not None else peak * mean_factor(season(service))


def least_per_s(service: InferenceService) -> float:
    """The lowest rate that is foreseen."""
    return (service.peak_per_s or 0.0) * min(stretch.factor for stretch in season(service))


def moves(service: InferenceService) -> bool:
    """Whether replicas can follow: bursts are over before they do, and what pauses comes back too soon."""
    return bool(service.spec.traffic.schedule) or service.spec.traffic.pattern == "diurnal"


def sleeps(service: InferenceService) -> bool:
    """Whether nothing has to stand there while nothing comes: requests wait in a queue, and the document allows none."""
    replicas = service.spec.serving.replicas
    return service.spec.mode == "async" and isinstance(replicas, Replicas) and replicas.min == 0


@lru_cache(maxsize=256)
def _scheduled(periods: tuple[tuple[str, float], ...], zone: str) -> Curve:
    from zoneinfo import ZoneInfo

    return scheduled(periods, datetime(*_BEGIN, tzinfo=ZoneInfo(zone)))
