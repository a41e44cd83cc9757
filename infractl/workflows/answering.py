"""Where a service answers now, and with which release: what was applied, read back and found well."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from infractl.applying.connection import kind_of
from infractl.domain.address import Owner, ServiceKey
from infractl.domain.health import HealthStatus
from infractl.domain.release import Deployment, Release
from infractl.domain.resource import Resource
from infractl.domain.service_state import ServiceState
from infractl.domain.value import Output, resolve
from infractl.errors import UsageError
from infractl.measure.bench.job import Address
from infractl.planning.attribute import attribute_changes
from infractl.provider.plugin import calling
from infractl.workflows.invoke import gone, not_applied
from infractl.workflows.observe import known, observe
from infractl.workflows.workspace import Workspace

_DEFAULT_PORT = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """A service that answers requests at `url`; `is_here`: on this machine."""

    key: ServiceKey
    state: ServiceState
    release: Release
    url: str
    address: Address
    is_here: bool


def answering(workspace: Workspace, service: str) -> Answering:
    """Raises UsageError where it is not applied, not there, not as it was applied, or takes no plain HTTP."""
    key = workspace.key(service)
    state = known(workspace, key).state
    if state is None or state.deployment is None:
        raise not_applied(workspace, service)
    live = observe(workspace, state, Owner(key=key, lineage=state.lineage)).live
    if any(recorded.address not in live for recorded in state.resources):
        raise gone(workspace, service)
    for recorded in state.resources:
        kind = kind_of(workspace.connections([recorded.target]), recorded.target, recorded.address.kind)
        desired = Resource(address=recorded.address, properties=recorded.properties, depends_on=recorded.depends_on)
        there = live[recorded.address]
        health = kind.health(desired, there)
        changes = attribute_changes(recorded.properties, kind.managed(desired, there), recorded.properties, kind.schema)
        if health.status is not HealthStatus.healthy or changes:
            reason = health.reason or f"{recorded.address} drifted: {', '.join(change.path for change in changes)}"
            raise _not_as_applied(workspace, service, reason)
    url = _url(workspace, state, state.deployment, {a: there.properties for a, there in live.items()})
    if not url:
        raise gone(workspace, service)
    address = _address(url)
    return Answering(
        key=key, state=state, release=state.deployment.stable, url=url, address=address, is_here=_is_loopback(address.host)
    )


def _url(workspace: Workspace, state: ServiceState, deployment: Deployment, live: dict[Any, Any]) -> str:
    """The output `infer`, as it is now; empty where the provider has none."""
    opened = workspace.target(state.target)
    with calling(opened.target.provider, "compile"):
        outputs = opened.provider.compile(deployment, opened.target).outputs

    def now(output: Output) -> Any:
        return live.get(output.address, {}).get(output.attribute, output)

    found = resolve(outputs.get("infer", ""), now)
    return found if isinstance(found, str) else ""


def _address(url: str) -> Address:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise UsageError.of(
            "bench-url",
            summary="this service does not take requests over plain HTTP, and nothing else can be measured yet",
            detail=f"its URL is {url}",
            at=url,
            remedy="measure it with a load tool that speaks its protocol",
        )
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return Address(host=parts.hostname, port=parts.port or _DEFAULT_PORT, path=path or "/")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _not_as_applied(workspace: Workspace, service: str, reason: str) -> UsageError:
    return UsageError.of(
        "service-not-as-applied",
        summary="this service is not as it was applied: what is measured now would be said of another",
        detail=f"{service}: {reason}",
        remedy=f"{workspace.call('plan')} shows what differs; {workspace.call('apply')} mends it",
    )
