"""What stands against starting a server, found without starting or ending one."""

from __future__ import annotations

from collections.abc import Sequence

from infractl.domain.address import Address
from infractl.domain.resource import Live
from infractl.errors import Diagnostic, Severity
from infractl_local import standing
from infractl_local.directory import ServiceDirectory
from infractl_local.process import in_use, listeners, named


def of_port(files: ServiceDirectory, address: Address, host: str, port: int, live: Live | None) -> Sequence[Diagnostic]:
    """That somebody else listens on the port. The service's own server does not count: it ends before the next one starts."""
    if not in_use(host, port):
        return ()
    own = {process.pid for process in standing.processes(files)}
    holders = listeners(port)
    strangers = [pid for pid in holders if pid not in own]
    is_ours = own.intersection(holders) or (live is not None and live.properties["bound_port"] == port)
    if is_ours and not strangers:
        return ()
    holder = next((name for pid in strangers if (name := named(pid))), None)
    return (
        Diagnostic(
            slug="port-in-use",
            severity=Severity.error,
            summary="the declared port is in use",
            detail=f"{host}:{port} is in use" + (f" by {holder}" if holder else ""),
            at=str(address),
            remedy=f"stop it, or declare another port in infractl.yaml: ports: {{{address.service}: N}}",
        ),
    )
