"""What runs, beside what was promised and predicted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from infractl.domain.address import ServiceKey
from infractl.domain.health import Health, HealthStatus
from infractl.domain.placement import Prediction
from infractl.domain.value import Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceStatus:
    """One recorded resource: how well it does, and the attributes that differ from what was applied."""

    address: str
    health: Health
    drifted: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service. `promised` is its SLO as text, `measured` what the running service counts of itself."""

    key: ServiceKey
    target: str
    health: Health
    version: str | None
    outputs: Properties
    resources: tuple[ResourceStatus, ...]
    promised: Mapping[str, str]
    prediction: Prediction | None
    measured: Mapping[str, float]
    note: str = ""


def worst(healths: Iterable[Health]) -> Health:
    """The health of a whole from that of its parts; what has no part is not there."""
    return min(healths, key=lambda h: _WORST_FIRST.index(h.status), default=Health(HealthStatus.failed, "nothing is recorded"))


_WORST_FIRST = (
    HealthStatus.failed,
    HealthStatus.degraded,
    HealthStatus.progressing,
    HealthStatus.suspended,
    HealthStatus.healthy,
)
