"""`status`: what runs, beside what was promised and predicted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from infractl.applying.connection import kind_of
from infractl.domain.address import Address, Owner, ServiceKey
from infractl.domain.attribute_pattern import AttributePattern
from infractl.domain.cost import cost_summary, per_thousand
from infractl.domain.health import Health, HealthStatus
from infractl.domain.measurement import Measurement, of_release, of_requests
from infractl.domain.plan import AttributeChange
from infractl.domain.release import Deployment, Release
from infractl.domain.resource import Live, Recorded, Resource
from infractl.domain.service_state import ServiceState
from infractl.domain.status import (
    CostStatus,
    Promise,
    ResourceStatus,
    ServiceStatus,
    bench_capacity,
    broken_promises,
    stands_beside,
    worst,
)
from infractl.errors import ProviderError
from infractl.hardware.this_machine import this_chip
from infractl.measure.machine import machine_facts
from infractl.placement.price import over_budget, placed_cost
from infractl.planning.leave import needed_changes, paths_of
from infractl.provider.capability import Measures
from infractl.provider.plugin import GuardedKind, calling
from infractl.spec.load import LoadedService
from infractl.units import Money
from infractl.workflows.ignoring import patterns_of
from infractl.workflows.notice import of_unsettled, running
from infractl.workflows.observe import Known, known, observe
from infractl.workflows.offers import priced_today
from infractl.workflows.plan import promises
from infractl.workflows.seen import Seen, see
from infractl.workflows.select import recorded_of
from infractl.workflows.workspace import Workspace

NEVER_ENDED = "no apply of it has ended yet"


def status(workspace: Workspace) -> Seen[ServiceStatus]:
    """Each service that was asked for, and is declared or recorded. Raises StateError, ProviderError."""
    services = {s.service.name: s for s in workspace.loaded.services}
    keys = sorted({*recorded_of(workspace), *(workspace.key(name) for name in services)})
    return see(lambda key: _status(workspace, key, services.get(key.service)), keys)


def _status(workspace: Workspace, key: ServiceKey, loaded: LoadedService | None) -> ServiceStatus:
    found = known(workspace, key)
    state = found.state
    live = observe(workspace, state, Owner(key=key, lineage=state.lineage)).live if state else {}
    holder = workspace.stores.state.holder(key)
    unsettled = of_unsettled(workspace, key, found)
    resources = tuple(_resources(workspace, found, live, patterns_of(loaded), unsettled))
    health = worst(r.health for r in resources)
    deployment = state.deployment if state else None
    promise = _promise(loaded)
    measured = _measured(workspace, state, live) if state else {}
    of_it = of_release(deployment.stable, workspace.measured) if deployment else ()
    comparable = _comparable(deployment, loaded, of_it)
    bench = next((bench for bench in comparable if stands_beside(bench)), None)
    benched = sum(bench.requests for bench in of_it if state and bench.at > state.changed_at)
    return ServiceStatus(
        key=key,
        target=state.target if state else "",
        health=health if deployment else _unended(health, unsettled),
        version=deployment.stable.version if deployment else None,
        outputs=state.outputs if state and health.status is not HealthStatus.failed and not _lacks(workspace, state) else {},
        resources=resources,
        promised=promises(loaded) if loaded else {},
        prediction=deployment.stable.placement.prediction if deployment else None,
        measured=measured,
        bench=bench,
        broken=tuple(broken_promises(promise, comparable, measured, benched)),
        cost=_cost(workspace, deployment.stable, loaded, bench) if deployment else None,
        note=running(holder) if holder else unsettled or note_of(workspace, state, loaded),
    )


def _lacks(workspace: Workspace, state: ServiceState) -> bool:
    """Whether there is nothing of a kind that the service needs: its outputs lead nowhere then."""
    return not {a.kind for a in missing(workspace, state)} <= {r.address.kind for r in state.resources}


def _unended(health: Health, unsettled: str) -> Health:
    """Of a service that no apply has made whole: what is there of it may be well, and says nothing of the rest."""
    if unsettled and health.status is HealthStatus.healthy:
        return Health(HealthStatus.progressing, unsettled)
    return Health(HealthStatus.failed, NEVER_ENDED)


def _resources(
    workspace: Workspace, found: Known, live: Mapping[Address, Live], ignored: Sequence[AttributePattern], unsettled: str
) -> Iterator[ResourceStatus]:
    """What is recorded and what is missing; of a step that has not ended, nobody can say more than that."""
    recorded = found.state.resources if found.state else ()
    under_way = {step.intent.address for step in found.open_steps}
    for address in sorted(under_way):
        yield ResourceStatus(address=str(address), health=Health(HealthStatus.progressing, unsettled), drifted=())
    yield from (_resource(workspace, r, live.get(r.address), ignored) for r in recorded if r.address not in under_way)
    made = {r.address.kind for r in recorded}
    for address in missing(workspace, found.state):
        if not unsettled:
            not_made = Health(HealthStatus.failed, f"it is not there: {workspace.call('apply')} makes it")
            yield ResourceStatus(address=str(address), health=not_made, drifted=())
        elif address.kind not in made and address not in under_way:
            # What has another of its kind beside it was replaced by the run: only its end would say so in the document.
            yield ResourceStatus(address=str(address), health=Health(HealthStatus.progressing, unsettled), drifted=())


def _comparable(
    deployment: Deployment | None, loaded: LoadedService | None, benches: Sequence[Measurement]
) -> Sequence[Measurement]:
    """Those of the promised requests, on this machine as it is now."""
    if deployment is None or loaded is None:
        return benches
    release = deployment.stable
    here = machine_facts() if release.placement.offer.chip.name == this_chip().name else {}
    current = [bench for bench in benches if bench.machine == here]
    return of_requests(current, release.artifact.signature, loaded.service.spec.traffic.shapes)


def _promise(loaded: LoadedService | None) -> Promise:
    if loaded is None:
        return Promise()
    slo = loaded.service.spec.slo
    return Promise(limits_s=slo.latency.limits_s, throughput_per_s=slo.throughput, peak_per_s=loaded.service.peak_per_s)


def _cost(workspace: Workspace, release: Release, loaded: LoadedService | None, bench: Measurement | None) -> CostStatus:
    """At the price that infractl.yaml has today, which need not be the one that it was planned with."""
    placement, spec = release.placement, loaded.service.spec if loaded else None
    prediction, budget = placement.prediction, spec.budget.monthly if spec else None
    cost = placed_cost(placement, priced_today(workspace, placement.offer))
    rate_per_s = (spec.traffic.average if spec else None) or prediction.rate_per_s
    capacity = bench_capacity(bench) if bench else None
    best = per_thousand(cost.ceiling_amount, capacity.value) if capacity else None
    return CostStatus(
        cost=cost,
        summary=cost_summary(cost, rate_per_s, placement.paid_per_s),
        budget=budget,
        over_budget=over_budget(cost, budget),
        measured_per_s=capacity.value if capacity else None,
        per_thousand_measured=best if isinstance(best, Money) else None,
    )


def missing(workspace: Workspace, state: ServiceState | None) -> Sequence[Address]:
    """What the deployment consists of and is not recorded: an apply broke off."""
    if state is None or state.deployment is None:
        return ()
    opened = workspace.target(state.target)
    with calling(opened.target.provider, "compile"):
        compiled = opened.provider.compile(state.deployment, opened.target)
    return [r.address for r in compiled.resources if state.recorded(r.address) is None]


def note_of(workspace: Workspace, state: ServiceState | None, loaded: LoadedService | None) -> str:
    """How the record and the declaration stand to each other, where not as after an apply."""
    moves = workspace.loaded.moves
    if state is None:
        return "declared, and not applied yet"
    if loaded is None and (name := moves.get(state.key.service)):
        return f"declared as {name} now: the next apply moves it"
    if state.deployment is None:
        return f"{NEVER_ENDED}: {workspace.call('apply')} goes on"
    if loaded is None:
        return "not declared any more: the next apply of the project destroys it"
    if state.rollback:
        back = f"rolled back from version {state.rollback.left} to {state.deployment.stable.version}"
        return f"{back}: {workspace.call('apply')} deploys what is declared again"
    if state.spec_digest != loaded.digest:
        return f"declared differently from what was applied: see {workspace.call('plan')}"
    return ""


def _resource(workspace: Workspace, recorded: Recorded, live: Live | None, ignored: Sequence[AttributePattern]) -> ResourceStatus:
    if live is None:
        gone = Health(HealthStatus.failed, f"it is gone: {workspace.call('apply')} makes it again")
        return ResourceStatus(address=str(recorded.address), health=gone, drifted=())
    kind = kind_of(workspace.connections([recorded.target]), recorded.target, recorded.address.kind)
    health = kind.health(recorded_as_wanted(recorded), live)
    drifted = tuple(change.path for change in reverted(recorded_as_wanted(recorded, ignored), live, kind))
    return ResourceStatus(address=str(recorded.address), health=health, drifted=drifted)


def recorded_as_wanted(recorded: Recorded, ignored: Sequence[AttributePattern] = ()) -> Resource:
    return Resource(
        address=recorded.address,
        properties=recorded.properties,
        depends_on=recorded.depends_on,
        ignores=paths_of(ignored, recorded.address),
    )


def reverted(applied: Resource, live: Live, kind: GuardedKind) -> Sequence[AttributeChange]:
    """Where what lives is not what was applied, and an apply of the same would make it so again."""
    return needed_changes(applied, kind.managed(applied, live), applied.properties, kind.schema)


def _measured(workspace: Workspace, state: ServiceState, live: Mapping[Address, Live]) -> dict[str, float]:
    """What the first resource that measures itself says."""
    for recorded in state.resources:
        kind = kind_of(workspace.connections([recorded.target]), recorded.target, recorded.address.kind).kind
        if isinstance(kind, Measures) and recorded.address in live:
            try:
                with calling(recorded.address.kind, "metrics"):
                    return dict(kind.metrics(live[recorded.address]))
            except ProviderError:
                # It went silent since it was read; its health says so the next time.
                return {}
    return {}
