"""Rules about traffic, and about all times that a calendar gives: schedules, crons, time zones."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from infractl.errors import Diagnostic
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.telling.problem import error
from infractl.spec.telling.suggest import closest, did_you_mean, written
from infractl.spec.yaml.document import Path as Keys
from infractl.units import format_share

_FIELDS = ("minute", "hour", "day of month", "month", "day of week")

_NICKNAMES = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
"""What some crons take, and the schedulers of clouds do not."""


def traffic_order(subject: Subject) -> Iterator[Diagnostic]:
    """average <= peak."""
    average, peak = subject.spec.traffic.average, subject.spec.traffic.peak
    if average is not None and peak is not None and average > peak:
        given = subject.written("traffic", "average")
        yield error(
            "traffic-order",
            "the average traffic is higher than its peak",
            f"average is {given} and peak is {subject.written('traffic', 'peak')}",
            subject.mark("traffic", "average"),
            f"raise traffic.peak to at least {given}, or lower traffic.average",
        )


def schedule_without_peak(subject: Subject) -> Iterator[Diagnostic]:
    """A period's factor is a part of the peak."""
    in_requests = subject.spec.mode != "batch"  # a run has none, which `server_in_batch_mode` says
    if subject.spec.traffic.schedule and in_requests and not subject.says("traffic", "peak"):
        yield error(
            "schedule-without-peak",
            "a schedule changes a peak that is not given",
            "each factor of traffic.schedule is a part of traffic.peak",
            subject.key_mark("traffic", "schedule"),
            "add traffic.peak, the highest request rate: peak: 200/s",
        )


def unknown_model(subject: Subject) -> Iterator[Diagnostic]:
    """Traffic is shared between the models that the service has."""
    for name in subject.spec.traffic.models:
        if name not in subject.spec.models:
            yield error(
                "unknown-model",
                "traffic is for a model that the service does not have",
                f"{name} is not in spec.models",
                subject.key_mark("traffic", "models", name),
                did_you_mean(name, tuple(subject.spec.models), "remove it, or use one of")
                if subject.spec.models
                else "remove it",
            )


def traffic_shares(subject: Subject) -> Iterator[Diagnostic]:
    """More than all of the traffic cannot be given away."""
    shares = [each.share for each in subject.spec.traffic.models.values()]
    if sum(shares) > 1 + 1e-9:
        yield error(
            "traffic-shares",
            "the shares of the traffic are more than all of it",
            f"together they are {format_share(sum(shares))}",
            subject.key_mark("traffic", "models"),
            "lower some of them: together they are at most 100%",
        )


def bad_cron(subject: Subject) -> Iterator[Diagnostic]:
    """Five fields, as Debian's cron reads them: what every scheduler understands."""
    for path, expression in _crons(subject):
        if problem := _cron_problem(expression):
            yield error(
                "bad-cron",
                "a cron expression cannot be read",
                problem,
                subject.mark(*path),
                _cron_remedy(expression),
            )


def unknown_time_zone(subject: Subject) -> Iterator[Diagnostic]:
    """A time zone has a name in the IANA database: an abbreviation or an offset does not know of summer time."""
    for path, name in _time_zones(subject):
        if not _is_time_zone(name):
            near = _time_zone_like(name)
            yield error(
                "unknown-time-zone",
                "a time zone is not in the IANA database",
                f"{written(name)} is not a time zone",
                subject.mark(*path),
                f"did you mean {near}?" if near else "write a region and a city, such as America/New_York, or UTC",
            )


def _crons(subject: Subject) -> Iterator[tuple[Keys, str]]:
    for index, period in enumerate(subject.spec.traffic.schedule):
        yield ("traffic", "schedule", index, "cron"), period.cron
    if subject.spec.batch and subject.spec.batch.cron:
        yield ("batch", "cron"), subject.spec.batch.cron


def _time_zones(subject: Subject) -> Iterator[tuple[Keys, str]]:
    yield ("traffic", "timeZone"), subject.spec.traffic.time_zone
    if subject.spec.batch:
        yield ("batch", "timeZone"), subject.spec.batch.time_zone


@lru_cache(maxsize=1024)
def _cron_problem(expression: str) -> str:
    """What is wrong with it; nothing where it can be read."""
    from datetime import UTC, datetime

    from cronsim import CronSim, CronSimError

    parts = expression.split()
    if len(parts) != len(_FIELDS):
        return f"{written(expression)} has {len(parts)} field{'' if len(parts) == 1 else 's'}, not {len(_FIELDS)}"
    try:
        CronSim(expression, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as problem:
        # It names the field with hyphens: "Bad day-of-month".
        field = str(problem).removeprefix("Bad ").replace("-", " ")
        if field in _FIELDS:
            return f"{written(parts[_FIELDS.index(field)])} is not a possible {field}"
        return str(problem)
    return ""


def _cron_remedy(expression: str) -> str:
    if same := _NICKNAMES.get(expression.strip().lower()):
        return f'write cron: "{same}"'
    return f'write {", ".join(_FIELDS)}; "0 8 * * 1-5" is 8 o\'clock on weekdays'


@lru_cache(maxsize=1024)
def _is_time_zone(name: str) -> bool:
    if name == "UTC":
        return True
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not there; a path that leaves the database; a directory of it
        return False
    return True


@lru_cache(maxsize=1024)
def _time_zone_like(name: str) -> str | None:
    """The zone that is meant by a slip, or by a city's name alone. Abbreviations mean several, and offsets none."""
    zones = _time_zones_by_name()
    cities = {zone.rpartition("/")[2]: zone for zone in zones}
    plain = name.strip().replace(" ", "_")
    if exact := next((zone for city, zone in cities.items() if city.lower() == plain.lower()), None):
        return exact
    if "/" in plain:
        return closest(plain, zones)
    city = closest(plain, cities, 0.8) if len(plain) > 4 and plain.isalpha() else None
    return cities[city] if city else None


@cache
def _time_zones_by_name() -> tuple[str, ...]:
    from zoneinfo import available_timezones

    return tuple(sorted(available_timezones()))


RULES: tuple[Rule, ...] = (
    traffic_order,
    schedule_without_peak,
    unknown_model,
    traffic_shares,
    bad_cron,
    unknown_time_zone,
)
