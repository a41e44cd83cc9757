"""`invoke`: send one request to a running service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infractl.applying.connection import kind_of
from infractl.domain.address import Owner
from infractl.errors import UsageError
from infractl.provider.capability import Invokes
from infractl.provider.plugin import calling
from infractl.workflows.observe import known, observe
from infractl.workflows.plan import recorded_keys
from infractl.workflows.workspace import Workspace


def invoke(workspace: Workspace, service: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer to an inference request. Raises UsageError where nothing answers, ProviderError where it is refused."""
    key = workspace.key(service)
    state = known(workspace, key).state
    if state is None:
        names = ", ".join(k.service for k in recorded_keys(workspace)) or "none"
        raise UsageError.of(
            "service-not-applied",
            summary="this service does not run",
            detail=f"{service} is not among the applied services: {names}",
            remedy="infractl apply",
        )
    live = observe(workspace, state, Owner(key=key, lineage=state.lineage)).live
    for recorded in state.resources:
        kind = kind_of(workspace.connections([recorded.target]), recorded.target, recorded.address.kind).kind
        if isinstance(kind, Invokes) and recorded.address in live:
            with calling(recorded.address.kind, "invoke"):
                return kind.invoke(live[recorded.address], body)
    raise UsageError.of(
        "service-gone",
        summary="nothing answers for this service",
        detail=f"{service} was applied, and what answered is gone or its provider takes no requests",
        remedy="infractl status shows what is left; infractl apply makes it again",
    )
