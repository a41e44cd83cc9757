"""`state`: what is recorded, and breaking a lock whose holder will never give it back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

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


def unlock(workspace: Workspace, lock_id: str, approve: Callable[[Sequence[ServiceKey], Holder], bool]) -> Holder:
    """Break the lock `lock_id` and all others of the same run: it can write nothing more. Raises StateError for an unknown id."""
    held = workspace.stores.state.held(workspace.project, workspace.environment)
    for holder in held.values():
        if holder.id != lock_id:
            continue
        locks = {key: other.id for key, other in held.items() if _of_one_run(other, holder)}
        if not approve([*locks], holder):
            raise UsageError.of(
                "not-approved", summary="the lock was left alone", detail=lock_id, remedy="answer yes, or pass --auto-approve"
            )
        for key, each in locks.items():
            workspace.stores.state.unlock(key, each)
        return holder
    raise StateError.of(
        "lock-unknown",
        summary="no service is locked under this id",
        detail=lock_id,
        remedy="take the id from the newest message; a lock whose process has ended needs no unlocking",
    )


def _of_one_run(one: Holder, other: Holder) -> bool:
    """A command takes each lock under an id and at a time of its own."""
    return replace(one, id=other.id, since=other.since) == other
