"""Status of many services: a line for each that is not as it should be, the worst first, and how many there are of each sort."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.figure import quantity_text
from infractl.domain.health import HealthStatus
from infractl.domain.status import WORST_FIRST, ServiceStatus
from infractl.report.group_text import grouped, names_text, without_name
from infractl.report.table_text import table

_NOT_APPLIED = "not applied"

_MOST = 50
"""Lines of a table that a person reads."""


def status_summary_text(services: Sequence[ServiceStatus]) -> str:
    """At most a line where all is well, however many there are."""
    if not services:
        return "No service is declared, and none is recorded.\n"
    troubled = sorted((s for s in services if _trouble(s)), key=_badness)
    groups = grouped(troubled, _alike)
    lines = table(("", "version", "health", "what is to be seen to"), [_row(group) for group in groups[:_MOST]]) if groups else []
    if rest := sum(map(len, groups[_MOST:])):
        lines.append(f"  (and {rest:,} more: --json has all)")
    environments = sorted({s.key.environment for s in services} - {DEFAULT_ENVIRONMENT})
    where = f" in {', '.join(environments)}" if environments else ""
    count = "1 service" if len(services) == 1 else f"{len(services):,} services"
    return "\n".join([*lines, f"{count}{where}: {', '.join(_counts(services))}."]) + "\n"


def _row(group: Sequence[ServiceStatus]) -> tuple[str, ...]:
    first, names = group[0], [s.key.service for s in group]
    trouble = "; ".join(_trouble(first))
    if len(group) > 1:
        trouble = f"{without_name(trouble, first.key.service)} ({names_text(names)})"
    return (f"{len(names):,} services" if len(names) > 1 else names[0], first.version or "-", _word(first), trouble)


def _alike(status: ServiceStatus) -> tuple[str, str | None, str]:
    return (_word(status), status.version, without_name("; ".join(_trouble(status)), status.key.service))


def _word(status: ServiceStatus) -> str:
    return status.health.status.value if status.resources else _NOT_APPLIED


def _badness(status: ServiceStatus) -> tuple[int, str]:
    """What was never applied serves nobody, and has not failed anybody either: it comes behind all that has."""
    place = WORST_FIRST.index(status.health.status) if status.resources else len(WORST_FIRST)
    return (place, status.key.service)


def _trouble(status: ServiceStatus) -> list[str]:
    return list(_troubles(status))


def _troubles(status: ServiceStatus) -> Iterator[str]:
    """Everything that is not as it should be."""
    if not status.resources:
        yield status.note or "nothing is recorded"
        return
    for resource in status.resources:
        if resource.health.status is not HealthStatus.healthy:
            reason = f": {resource.health.reason}" if resource.health.reason else ""
            yield f"{resource.address} {resource.health.status.value}{reason}"
        if resource.drifted:
            yield f"{resource.address} drifted: {', '.join(resource.drifted)}"
    if status.health.status is not HealthStatus.healthy and all(
        r.health.status is HealthStatus.healthy for r in status.resources
    ):
        reason = status.health.reason or status.health.status.value
        if not status.note.startswith(reason):
            yield reason
    for broken in status.broken:
        yield f"{broken.name} {quantity_text(broken.found, broken.unit)}, promised {quantity_text(broken.limit, broken.unit)}"
    if status.cost is not None and status.cost.over_budget is not None:
        yield status.cost.over_budget.code
    if status.note:
        yield status.note


def _counts(services: Sequence[ServiceStatus]) -> Iterator[str]:
    """`3 failed, 4,985 healthy, 2 of these drifted, 1 with a broken promise`."""
    words = Counter(map(_word, services))
    yield from (f"{words[word]:,} {word}" for word in (*(h.value for h in WORST_FIRST), _NOT_APPLIED) if words[word])
    if drifted := sum(any(r.drifted for r in s.resources) for s in services):
        yield f"{drifted:,} drifted"
    if broken := sum(bool(s.broken) for s in services):
        yield f"{broken:,} with a broken promise"
