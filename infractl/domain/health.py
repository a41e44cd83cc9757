"""How well an object does, judged from its live properties alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HealthStatus(StrEnum):
    healthy = "healthy"
    progressing = "progressing"
    degraded = "degraded"
    failed = "failed"
    """Waiting longer will not help."""
    suspended = "suspended"


@dataclass(frozen=True, slots=True)
class Health:
    status: HealthStatus
    reason: str = ""
