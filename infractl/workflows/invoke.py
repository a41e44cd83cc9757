"""`invoke`: send one request to a running service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infractl.applying.connection import kind_of
from infractl.domain.address import Owner
from infractl.errors import UsageError
from infractl.provider.capability import Invokes
from infractl.provider.plugin import calling
from infractl.workflows.elsewhere import environments_with
from infractl.workflows.observe import known, observe
from infractl.workflows.select import recorded_keys
from infractl.workflows.workspace import Workspace


def invoke(workspace: Workspace, service: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer to an inference request. Raises UsageError where nothing answers, ProviderError where it is refused."""
    key = workspace.key(service)
    state = known(workspace, key).state
    if state is None:
        raise not_applied(workspace, service)
    live = observe(workspace, state, Owner(key=key, lineage=state.lineage)).live
    for recorded in state.resources:
        kind = kind_of(workspace.connections([recorded.target]), recorded.target, recorded.address.kind).kind
        if isinstance(kind, Invokes) and recorded.address in live:
            with calling(recorded.address.kind, "invoke"):
                return kind.invoke(live[recorded.address], body)
    raise gone(workspace, service)


def gone(workspace: Workspace, service: str) -> UsageError:
    """It was applied, and nothing takes its requests."""
    return UsageError.of(
        "service-gone",
        summary="nothing answers for this service",
        detail=f"{service} was applied, and what answered is gone or its provider takes no requests",
        remedy=f"{workspace.call('status')} shows what is left; {workspace.call('apply')} makes it again",
    )


def not_applied(workspace: Workspace, service: str) -> UsageError:
    """Says where else it runs, if it does."""
    others = environments_with(workspace, service)
    if others:
        return UsageError.of(
            "service-not-applied",
            summary="this service does not run in this environment",
            detail=f"{service} is not applied in {workspace.environment}; it runs in {', '.join(others)}",
            remedy=f"add --env {others[0]}" if len(others) == 1 else f"add --env NAME, with one of: {', '.join(others)}",
        )
    names = ", ".join(k.service for k in recorded_keys(workspace)) or "none"
    return UsageError.of(
        "service-not-applied",
        summary="this service does not run",
        detail=f"{service} is not among the applied services: {names}",
        remedy=workspace.call("apply"),
    )
