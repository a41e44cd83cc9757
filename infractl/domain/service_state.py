"""What infractl knows of one service: the document that its lock guards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from infractl.domain.address import Address, ServiceKey
from infractl.domain.journal import OpenStep
from infractl.domain.release import Deployment
from infractl.domain.resource import Recorded
from infractl.domain.value import Properties


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """A step back to the deployment that the state's version `serial` recorded, away from the release `left`."""

    serial: int
    left: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """`lineage` is drawn when the service is first applied, `serial` grows by one with each written change.

    `deposed` were replaced and are not deleted yet; `open_steps` are those whose outcome is not known.
    `changed_by` says who and by which command, for messages about stale plans. `rollback`: the deployment was gone back to,
    and is not what was declared then. `moved_to`: the name that the service was to go on under, once a document under that name
    has the lineage. `begun_protected`: the first apply, which has not completed, is of a protected service.
    """

    key: ServiceKey
    lineage: str
    serial: int
    target: str
    spec_digest: str
    deployment: Deployment | None
    resources: tuple[Recorded, ...]
    outputs: Properties
    changed_at: datetime
    changed_by: str
    deposed: tuple[Recorded, ...] = ()
    open_steps: tuple[OpenStep, ...] = ()
    rollback: Rollback | None = None
    moved_to: str = ""
    begun_protected: bool = False

    @property
    def protected(self) -> bool:
        return self.deployment.protected if self.deployment else self.begun_protected

    def recorded(self, address: Address) -> Recorded | None:
        return next((r for r in self.resources if r.address == address), None)
