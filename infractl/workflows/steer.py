"""The plan that was asked for: of what is declared, or of the record alone; and the services that it is about."""

from __future__ import annotations

from collections.abc import Sequence

from infractl.domain.address import ServiceKey
from infractl.domain.plan import Plan
from infractl.domain.steering import Steering
from infractl.workflows.accept import plan_accept
from infractl.workflows.move import keys_before
from infractl.workflows.place import Progress
from infractl.workflows.plan import plan
from infractl.workflows.select import declared, recorded_of, removed_keys
from infractl.workflows.target import require_services
from infractl.workflows.workspace import Workspace


def keys_of(workspace: Workspace, steering: Steering) -> Sequence[ServiceKey]:
    """The services that the plan is about, also under the names that they had before.

    Raises UsageError for an address of another one.
    """
    if steering.refresh_only:
        keys = recorded_of(workspace)
    else:
        keys = [*(workspace.key(name) for name in declared(workspace)), *removed_keys(workspace)]
    require_services(steering, {k.service for k in keys})
    chosen = [k for k in keys if steering.covers(k.service)]
    before = () if steering.refresh_only else keys_before(workspace, [k.service for k in chosen])
    return sorted({*chosen, *before})


def plan_steered(workspace: Workspace, steering: Steering, progress: Progress) -> Plan:
    """Raises what `plan` raises, and UsageError for an address that nothing has."""
    if steering.refresh_only:
        return plan_accept(workspace, keys_of(workspace, steering), steering)
    removed = removed_keys(workspace)
    require_services(steering, declared(workspace) | {k.service for k in removed})
    return plan(workspace, removed, progress, steering)
