"""What a reader of a plan must know besides its changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from infractl.applying.refresh import Observed
from infractl.domain.address import Address, ServiceKey
from infractl.domain.plan import Notice
from infractl.domain.service_state import ServiceState
from infractl.spec.load import LoadedService
from infractl.spec.not_acted_on import Ahead, not_acted_on
from infractl.spec.project import Project
from infractl.spec.service import InferenceService
from infractl.spec.yaml.document import Document
from infractl.workflows.observe import Known
from infractl.workflows.place import Placed
from infractl.workflows.workspace import Workspace


def of_service(workspace: Workspace, key: ServiceKey, found: Known) -> Iterator[Notice]:
    """Who is changing the service, and what an earlier run left open."""
    holder = workspace.stores.state.holder(key)
    if holder is not None and holder.id != workspace.held.get(key):
        since = f"{holder.since:%Y-%m-%d %H:%M:%S} UTC (pid {holder.pid} on {holder.host})"
        yield Notice(code="lock-held", text=f"{holder.who} holds the lock since {since}: what lives may change under this plan")
    if found.open_steps:
        names = ", ".join(f"{s.intent.action.value} {s.intent.address}" for s in found.open_steps)
        yield Notice(code="open-steps", text=f"an earlier run did not see the end of: {names}; apply settles it first")


def of_document(loaded: LoadedService) -> Iterator[Notice]:
    """What a service's document asks for in vain so far."""
    yield from _of_ahead(not_acted_on(InferenceService, loaded.document.value))


def of_project(document: Document | None) -> Iterator[Notice]:
    """What infractl.yaml asks for in vain so far."""
    yield from _of_ahead(not_acted_on(Project, document.value) if document else ())


def _of_ahead(ahead: Sequence[Ahead]) -> Iterator[Notice]:
    """What somebody may rely on for safety must not be one line among others."""
    if guards := [path for path, guards in ahead if guards]:
        yield Notice(code="not-enforced", text=f"nothing enforces this yet: {', '.join(guards)}")
    if others := [path for path, guards in ahead if not guards]:
        yield Notice(code="not-acted-on", text=f"not acted on yet: {_by_section(others)}")


def _by_section(paths: Iterable[str]) -> str:
    """`spec.slo (errorRate, availability), spec.optimize (level)`."""
    sections: dict[str, list[str]] = {}
    for path in paths:
        section, _, key = path.rpartition(".")
        sections.setdefault(section, []).append(key)
    return ", ".join(f"{section} ({', '.join(keys)})" for section, keys in sections.items())


def of_foreign(observed: Observed) -> Iterator[Notice]:
    """Recorded objects whose id is somebody else's now."""
    for address, live in observed.foreign.items():
        yield Notice(
            code="foreign", text=f"what is recorded as {address} is another owner's now ({live.ref.id}): it is left alone"
        )


def of_orphans(addresses: Iterable[Address]) -> Iterator[Notice]:
    for address in addresses:
        yield Notice(code="orphan", text=f"{address} carries this service's labels, and is not recorded; destroy removes it")


def of_placement(placed: Placed, state: ServiceState | None) -> Iterator[Notice]:
    """What the figures leave out, and a version word that is used for two models."""
    if placed.profile.run.uncosted:
        names = ", ".join(f"{operator} ({count})" for operator, count in placed.profile.run.uncosted)
        yield Notice(code="uncosted", text=f"the cost of these operators is not known, so that latencies are guesses: {names}")
    if state is None or state.deployment is None:
        return
    before, after = state.deployment.stable, placed.deployment.stable
    if before.version == after.version and before.artifact.digest != after.artifact.digest:
        yield Notice(
            code="version-reused",
            text=f"version {after.version} is deployed with another model: its file changed, and spec.model.version did not",
        )
