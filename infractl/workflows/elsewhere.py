"""Where else something is recorded: who forgets --env sees a project of which nothing was ever made."""

from __future__ import annotations

from infractl.workflows.plan import declared, recorded_keys
from infractl.workflows.workspace import Workspace


def elsewhere(workspace: Workspace) -> tuple[str, ...]:
    """The other environments that have what is asked for, where this one has nothing of it."""
    names = {key.service for key in recorded_keys(workspace)}
    if names if workspace.whole else names & declared(workspace):
        return ()
    return _others(workspace, None if workspace.whole else declared(workspace))


def environments_with(workspace: Workspace, service: str) -> tuple[str, ...]:
    """The other environments in which the service is recorded."""
    return _others(workspace, frozenset({service}))


def _others(workspace: Workspace, services: frozenset[str] | None) -> tuple[str, ...]:
    """Those with one of the services, or with any."""
    store, project = workspace.stores.state, workspace.project
    return tuple(
        name
        for name in store.environments(project)
        if name != workspace.environment and any(services is None or k.service in services for k in store.keys(project, name))
    )
