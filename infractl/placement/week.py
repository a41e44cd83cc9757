"""How traffic changes over the hours and days, as a part of its peak: what replicas follow, and costs are expected at."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY_S = 86_400.0

DIURNAL_TROUGH = 0.2
"""Of the peak, what is left in the small hours where only `diurnal` is declared. Estimated: no trace stands behind it."""

SPORADIC_SHARE = 0.1
"""The share of time in which sporadic traffic comes where no average is declared. Estimated, as in `arrivals`."""

SPAN_DAYS = 28
"""How long a schedule is followed: four weeks, so that every weekday counts alike and the first of a month is seen."""

_DAY_STEPS = 96


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A time in which `factor` of the peak rate comes."""

    seconds: float
    factor: float


Curve = tuple[Stretch, ...]
"""Stretches that follow each other, the first after the last."""


def scheduled(periods: Iterable[tuple[str, float]], start: datetime) -> Curve:
    """A schedule's factors by cron expression, over SPAN_DAYS from `start`, which carries the schedule's time zone.

    Each is in force until the next begins; of two that begin together the one written last counts. Where nothing has begun yet
    by `start`, the peak is expected. Expressions must have been checked.
    """
    from cronsim import CronSim

    end = start + timedelta(days=SPAN_DAYS)
    steps: list[tuple[float, int, float]] = []
    for order, (cron, factor) in enumerate(periods):
        before = next(CronSim(cron, start + timedelta(minutes=1), reverse=True), None)
        if before is not None:
            steps.append((before.timestamp(), order, factor))
        for moment in CronSim(cron, start):
            if moment >= end:
                break
            steps.append((moment.timestamp(), order, factor))
    return tuple(_stretches(sorted(steps), start.timestamp(), end.timestamp()))


def _stretches(steps: Sequence[tuple[float, int, float]], start: float, end: float) -> Iterator[Stretch]:
    factor, since = 1.0, start
    for moment, _, following in steps:
        if moment > since:
            yield Stretch(seconds=moment - since, factor=factor)
            since = moment
        factor = following
    yield Stretch(seconds=end - since, factor=factor)


def curve(pattern: str, average_share: float | None = None) -> Curve:
    """What a pattern without a schedule means, with the average as a part of the peak where both are declared.

    `steady` and `bursty`: always the average, or the peak, for bursts are over before replicas follow. `diurnal`: a day from a
    trough to the peak and back as a cosine does, to a trough that gives the average, or DIURNAL_TROUGH. `sporadic`: the peak for
    the average's share of the day, or SPORADIC_SHARE, and nothing else.
    """
    if pattern == "diurnal":
        return _day(average_share if average_share is not None else (1 + DIURNAL_TROUGH) / 2)
    if pattern == "sporadic":
        share = SPORADIC_SHARE if average_share is None else average_share
        stretches = (Stretch(seconds=share * DAY_S, factor=1.0), Stretch(seconds=(1 - share) * DAY_S, factor=0.0))
        return tuple(stretch for stretch in stretches if stretch.seconds > 0)
    return (Stretch(seconds=DAY_S, factor=1.0 if average_share is None else average_share),)


def _day(average: float) -> Curve:
    """trough + (1 - trough) · ((1 + cos) / 2) ** sharpness: a mean below a half is had by a sharper peak above a trough of 0."""
    trough, sharpness = max(0.0, 2 * average - 1), 1.0
    if average < 0.5:
        low, high = 1.0, 1e6
        for _ in range(100):
            sharpness = math.sqrt(low * high)
            low, high = (sharpness, high) if _mean_of_cosine(sharpness) > average else (low, sharpness)
    waves = (((1 + math.cos(2 * math.pi * step / _DAY_STEPS)) / 2) ** sharpness for step in range(_DAY_STEPS))
    return tuple(Stretch(seconds=DAY_S / _DAY_STEPS, factor=trough + (1 - trough) * wave) for wave in waves)


def _mean_of_cosine(sharpness: float) -> float:
    """The mean of ((1 + cos) / 2) ** sharpness over a day: Γ(k + 1/2) / (√π · Γ(k + 1))."""
    return math.exp(math.lgamma(sharpness + 0.5) - math.lgamma(sharpness + 1)) / math.sqrt(math.pi)


def mean_factor(stretches: Curve) -> float:
    """The average as a part of the peak."""
    return sum(s.seconds * s.factor for s in stretches) / sum(s.seconds for s in stretches)


def growth(stretches: Curve, reaction_s: float, floor: float = 0.0) -> float:
    """How much traffic grows, at most, while replicas react: the largest of rate(t + reaction_s) / rate(t) - 1.

    It is a replica's headroom where an autoscaler follows what it sees. `floor` is the part of the peak that the fewest replicas
    carry anyway: below it nothing has to follow. Without one it is infinite where traffic comes after none at all. For a schedule
    whose replicas are made ready before each step it does not apply.
    """
    if len({stretch.factor for stretch in stretches}) == 1:
        return 0.0
    starts = [0.0]
    for stretch in stretches:
        starts.append(starts[-1] + stretch.seconds)
    most = 0.0
    for index, stretch in enumerate(stretches):
        begun = max(stretch.factor, floor)
        reach, following = starts[index + 1] + reaction_s, index + 1
        beyond = starts[index + 1]
        while beyond < reach and following < index + 1 + len(stretches):
            later = stretches[following % len(stretches)]
            if later.factor > begun:
                most = max(most, later.factor / begun - 1 if begun > 0 else math.inf)
            beyond += later.seconds
            following += 1
    return most


def reaction_s(metric_window_s: float, provision_s: float, pull_s: float, load_s: float, warm_s: float = 0.0) -> float:
    """From a change of traffic to a new replica that answers: seen, decided and provisioned, image pulled, model loaded, warm."""
    return metric_window_s + provision_s + pull_s + load_s + warm_s
