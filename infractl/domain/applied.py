"""How an apply ended, step by step."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.action import Action
from infractl.domain.address import Address
from infractl.domain.event import Phase
from infractl.domain.plan import ServicePlan
from infractl.domain.service_state import ServiceState
from infractl.errors import Diagnostic


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """How one step ended: done, failed, not started or unknown; `remedy` only for a failure."""

    address: Address
    action: Action
    phase: Phase
    detail: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How a service's plan ended. `state` is None once the service is destroyed; `errors` are what broke it off."""

    plan: ServicePlan
    results: tuple[StepResult, ...]
    state: ServiceState | None
    errors: tuple[Diagnostic, ...] = ()

    @property
    def complete(self) -> bool:
        return not self.errors and all(r.phase is Phase.done for r in self.results)
