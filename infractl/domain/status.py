"""What runs, beside what was promised and predicted."""

from __future__ import annotations

from collections.abc import Mapping
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
    version: str | None
    outputs: Properties
    resources: tuple[ResourceStatus, ...]
    promised: Mapping[str, str]
    prediction: Prediction | None
    measured: Mapping[str, float]
    note: str = ""

    @property
    def health(self) -> Health:
        """The worst of the resources'."""
        order = ["failed", "degraded", "progressing", "suspended", "healthy"]
        worst = min((r.health for r in self.resources), key=lambda h: order.index(h.status), default=None)
        return worst if worst is not None else Health(HealthStatus.failed, "nothing is recorded")
