"""Where else something is recorded: who forgets --env sees a project of which nothing was ever made."""

from __future__ import annotations

from infractl.workflows.select import declared, recorded_of
from infractl.workflows.workspace import Workspace


def elsewhere(workspace: Workspace) -> tuple[str, ...]:
    """The other environments that have what is asked for, where this one has nothing of it."""
    if recorded_of(workspace):
        return ()
    selection = workspace.loaded.selection
    every = workspace.whole and not selection.partial
    return _others(workspace, None if every else declared(workspace).union(selection.names))


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
