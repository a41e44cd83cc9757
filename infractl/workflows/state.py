"""`state`: what is recorded, and breaking a lock whose holder will never give it back."""

from __future__ import annotations

from collections.abc import Callable

from infractl.domain.address import ServiceKey
from infractl.domain.service_state import ServiceState
from infractl.errors import StateError, UsageError
from infractl.state.store import Holder
from infractl.workflows.observe import known
from infractl.workflows.seen import Seen, see
from infractl.workflows.select import recorded_keys
from infractl.workflows.workspace import Workspace


def recorded(workspace: Workspace) -> Seen[ServiceState | None]:
    """Every recorded service's state, with what a running or broken-off apply has journaled; None of one that went on under
    another name. Raises StateError.
    """
    return see(lambda key: known(workspace, key).state, recorded_keys(workspace))


def unlock(workspace: Workspace, lock_id: str, approve: Callable[[ServiceKey, Holder], bool]) -> Holder:
    """Break the lock `lock_id`: its holder can write nothing more. Raises StateError where no lock has the id."""
    for key, holder in workspace.stores.state.held(workspace.project, workspace.environment).items():
        if holder.id != lock_id:
            continue
        if not approve(key, holder):
            raise UsageError.of(
                "not-approved", summary="the lock was left alone", detail=lock_id, remedy="answer yes, or pass --auto-approve"
            )
        workspace.stores.state.unlock(key, lock_id)
        return holder
    raise StateError.of(
        "lock-unknown",
        summary="no service is locked under this id",
        detail=lock_id,
        remedy="take the id from the newest message; a lock whose process has ended needs no unlocking",
    )
