"""`plan`: what would change, why, what it would give and what it would cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from infractl import __version__
from infractl.applying.refresh import Observed, adopted
from infractl.domain.action import Action
from infractl.domain.address import Address, Owner, ServiceKey
from infractl.domain.cost import CostSummary, cost_summary
from infractl.domain.plan import Change, Notice, Plan, ServicePlan
from infractl.domain.service_state import ServiceState
from infractl.domain.steering import UNSTEERED, Steering
from infractl.errors import RefusedError
from infractl.planning.diff import Desired, KindView, deposed_changes, diff, orphan_changes
from infractl.provider import registry
from infractl.provider.plugin import calling
from infractl.spec.load import LoadedService
from infractl.spec.project import declared_environments
from infractl.state.codec import digest, encode
from infractl.units import format_duration, format_rate
from infractl.workflows.beginning import Beginning, beginning
from infractl.workflows.fleet_budget import kept_budgets
from infractl.workflows.ignoring import ignoring
from infractl.workflows.move import before_move, of_moves
from infractl.workflows.notice import (
    of_document,
    of_foreign,
    of_optimization,
    of_orphans,
    of_placement,
    of_project,
    of_provider,
    of_recipe,
    of_rollback,
    of_service,
)
from infractl.workflows.observe import Known, everywhere, known, known_ahead, observe
from infractl.workflows.place import Progress, place_service
from infractl.workflows.placed import Placed
from infractl.workflows.prices import of_prices
from infractl.workflows.secret import acquaint
from infractl.workflows.seen import of_each
from infractl.workflows.select import declared, selected_text
from infractl.workflows.target import confined, of_left_out, replaced
from infractl.workflows.workspace import Workspace, who


def plan(workspace: Workspace, removed: Sequence[ServiceKey], progress: Progress, steering: Steering = UNSTEERED) -> Plan:
    """The plan for every service that was loaded, and for the `removed` ones, which are declared no more; as far as is asked for.

    Raises SpecError, ModelError, InfeasibleError, RefusedError, StateError, ProviderError; the problems of all services at once.
    """
    _tell_of_other_projects(workspace, progress)
    _tell_of_lost_environments(workspace, progress)
    chosen = {workspace.key(s.name): s for s in workspace.loaded.services if steering.covers(s.name)}
    ahead = known_ahead(workspace, tuple(chosen))

    def planned(key: ServiceKey) -> ServicePlan:
        if key not in chosen:
            return plan_removal(workspace, key, None)
        return plan_service(workspace, chosen[key], ahead.get(key), progress, steering)

    found = of_each(planned, [*chosen, *(k for k in removed if steering.covers(k.service))])
    services = [confined(service, steering) for service in found]
    changed = any(s.changed for s in services)
    others = [name for name in (*sorted(declared(workspace)), *(k.service for k in removed)) if not steering.covers(name)]
    notices = (*(of_project(workspace.loaded.document) if changed else ()), *of_left_out(others), *of_moves(workspace))
    return replace(assemble(workspace, services, notices, steering), budgets=kept_budgets(workspace, services))


def _tell_of_other_projects(workspace: Workspace, progress: Progress) -> None:
    """A project that was renamed has left what runs under its old name."""
    names = workspace.stores.state.projects()
    if names and workspace.project not in names:
        progress(f"Nothing is recorded of the project {workspace.project}; this state also holds: {', '.join(names)}")


def _tell_of_lost_environments(workspace: Workspace, progress: Progress) -> None:
    """What runs in an environment goes on running when its file is removed, and no plan of another one shows it."""
    declared = declared_environments(workspace.loaded.root, workspace.loaded.document)
    for name in workspace.stores.state.environments(workspace.project):
        if name not in declared:
            progress(
                f"The environment {name} is not declared any more, and is recorded: infractl destroy --env {name} removes it"
            )


def plan_destroy(workspace: Workspace, keys: Sequence[ServiceKey], steering: Steering = UNSTEERED) -> Plan:
    """The plan that leaves nothing of the services, or of what is asked for. Raises StateError, ProviderError, RefusedError."""
    ahead = known_ahead(workspace, keys)
    services = of_each(lambda key: plan_removal(workspace, key, ahead.get(key)), keys)
    return assemble(workspace, [confined(service, steering) for service in services], steering=steering)


def assemble(
    workspace: Workspace, services: Sequence[ServicePlan], notices: tuple[Notice, ...] = (), steering: Steering = UNSTEERED
) -> Plan:
    return Plan(
        notices=notices,
        project=workspace.project,
        environment=workspace.environment,
        services=tuple(services),
        providers=providers_of(workspace, services),
        created_at=workspace.clock.now(),
        created_by=who(),
        infractl=__version__,
        selected=selected_text(workspace, len(services)),
        steering=steering,
    )


def providers_of(workspace: Workspace, services: Sequence[ServicePlan]) -> dict[str, str]:
    """The providers that carry the plans out, with their versions."""
    used = {s.key: {c.target for c in s.changes} | ({s.target} if s.target else set()) for s in services}
    names = of_each(lambda key: {workspace.target(name).target.provider for name in used[key]}, used)
    return {name: registry.version(name) for name in sorted({name for each in names for name in each})}


def plan_service(
    workspace: Workspace, loaded: LoadedService, found: Known | None, progress: Progress, steering: Steering = UNSTEERED
) -> ServicePlan:
    """`found` is what is known of the service; None where that was not looked up yet."""
    found = found or known(workspace, workspace.key(loaded.service.name))
    before = before_move(workspace, loaded, found)
    plan = plan_from(workspace, loaded, before or found, progress, steering)
    return replace(plan, moved_from=loaded.service.spec.lifecycle.moved_from or "") if before else plan


def plan_from(
    workspace: Workspace, loaded: LoadedService, found: Known, progress: Progress, steering: Steering = UNSTEERED
) -> ServicePlan:
    """The service's plan, were `found` what is known of it."""
    key = workspace.key(loaded.service.name)
    placed = place_service(workspace, loaded, found.state, progress)
    opened = placed.target
    with calling(opened.target.provider, "compile"):
        compiled = opened.provider.compile(placed.deployment, opened.target)
    wanted = [Desired(resource=r, target=opened.target.name) for r in ignoring(workspace, loaded, compiled.resources)]
    acquaint(compiled.resources)
    anew = replaced(steering, key.service, [r.address for r in compiled.resources])
    begun = Beginning(lineage=found.state.lineage) if found.state else beginning(workspace, key, wanted)
    changes, notices = compared(workspace, key, begun, found, wanted, anew)
    return ServicePlan(
        key=key,
        target=opened.target.name,
        lineage=begun.lineage,
        serial=found.state.serial if found.state else 0,
        spec_digest=loaded.digest,
        labels=loaded.service.metadata.labels,
        current=_current(found.state),
        deployment=placed.deployment,
        decision=placed.decision,
        slo=promises(loaded),
        traffic=declared_traffic(loaded),
        changes=changes,
        outputs=compiled.outputs,
        notices=(
            *((*of_document(loaded), *of_rollback(found.state), *of_optimization(placed)) if _changes_something(changes) else ()),
            *begun.notices,
            *notices,
            *of_placement(placed, found.state),
            *of_recipe(placed),
            *of_provider(opened),
            *of_prices(workspace, placed.deployment),
        ),
        measurements=_measurements(placed),
        given=loaded.given,
        cost=_cost(loaded, placed),
        cost_before=cost_before(found.state),
    )


def plan_removal(workspace: Workspace, key: ServiceKey, found: Known | None) -> ServicePlan:
    """Everything recorded goes, and everything else that carries the service's labels wherever it is recorded.

    `found` is what is known of it; None where that was not looked up yet. Raises RefusedError for a service that was deployed as
    a protected one.
    """
    # Even where others begin anew: a service that is lost and not wanted would be forgotten by that.
    workspace.stores.state.read(key)
    found = found or known(workspace, key)
    state = found.state
    if state and state.protected:
        raise _protected(key)
    target, lineage = (state.target, state.lineage) if state else ("", "")
    observed = observe(workspace, state, Owner(key=key, lineage=lineage), everywhere(workspace, state))
    changes = diff([], state.resources if state else (), observed.live, {}, observed.foreign)
    return ServicePlan(
        key=key,
        target=target,
        lineage=lineage,
        serial=state.serial if state else 0,
        spec_digest="",
        current=_current(state),
        cost_before=cost_before(state),
        deployment=None,
        decision=None,
        slo={},
        traffic={},
        changes=(*changes, *_deposed(state, observed), *orphan_changes(observed.orphans)),
        outputs={},
        notices=(*of_service(workspace, key, found), *of_foreign(observed)),
    )


def _protected(key: ServiceKey) -> RefusedError:
    return RefusedError.of(
        "service-protected",
        summary="a protected service is not destroyed",
        detail=f"{key.service} was applied with spec.lifecycle.protect: true",
        at=str(key),
        remedy="declare it with protect: false and apply that first",
    )


def _changes_something(changes: Sequence[Change]) -> bool:
    return any(change.action is not Action.no_op for change in changes)


def _current(state: ServiceState | None) -> str | None:
    return state.deployment.stable.version if state and state.deployment else None


def compared(
    workspace: Workspace,
    key: ServiceKey,
    begun: Beginning,
    found: Known,
    wanted: Sequence[Desired],
    anew: frozenset[Address] = frozenset(),
) -> tuple[tuple[Change, ...], tuple[Notice, ...]]:
    """The changes that lead to what is wanted, and what a reader of them must know of the service."""
    state = found.state
    recorded = state.resources if state else ()
    known_addresses = {r.address for r in recorded}
    new = [d for d in wanted if d.resource.address not in known_addresses and not begun.fresh]
    sought = frozenset((d.target, d.resource.address.kind) for d in new)
    found_alive = observe(workspace, state, Owner(key=key, lineage=begun.lineage), sought)
    observed = adopted(found_alive, {d.resource.address: d.target for d in wanted}, recorded)
    changes = diff(wanted, recorded, observed.live, views_of(workspace, {d.target for d in wanted}), observed.foreign, anew)
    notices = (*of_service(workspace, key, found), *of_foreign(observed), *of_orphans(observed.orphans))
    return (*changes, *_deposed(state, observed)), notices


def views_of(workspace: Workspace, targets: Iterable[str]) -> dict[tuple[str, str], KindView]:
    """The kinds at the targets, as a diff sees them."""
    return {
        (target, kind): KindView(schema=guarded.schema, managed=guarded.managed)
        for target, connection in workspace.connections(targets).items()
        for kind, guarded in connection.kinds.items()
    }


def _deposed(state: ServiceState | None, observed: Observed) -> tuple[Change, ...]:
    return deposed_changes(state.deposed if state else (), observed.deposed)


def promises(loaded: LoadedService) -> dict[str, str]:
    """The service's SLO as text with units: `{"p99": "10ms", "throughput": "2000/s"}`."""
    slo = loaded.service.spec.slo
    limits = {f"p{percentile}": format_duration(limit) for percentile, limit in slo.latency.limits_s.items()}
    for name, each in (("ttft", slo.ttft), ("tpot", slo.tpot)):
        limits |= {f"{name} p{percentile}": format_duration(limit) for percentile, limit in each.limits_s.items()}
    rates = {"throughput": slo.throughput, "token throughput": slo.token_throughput}
    return limits | {name: format_rate(rate) for name, rate in rates.items() if rate is not None}


def declared_traffic(loaded: LoadedService) -> dict[str, str]:
    traffic = loaded.service.spec.traffic
    given = {"average": traffic.average, "peak": traffic.peak}
    return {name: format_rate(rate) for name, rate in given.items() if rate is not None}


def _cost(loaded: LoadedService, placed: Placed) -> CostSummary:
    placement = placed.deployment.stable.placement
    rate_per_s = loaded.service.spec.traffic.average or placement.prediction.rate_per_s
    return cost_summary(placement.cost, rate_per_s, placement.paid_per_s)


def cost_before(state: ServiceState | None) -> CostSummary | None:
    """What is deployed cost by the prices of the day on which it was applied."""
    if state is None or state.deployment is None:
        return None
    placement = state.deployment.stable.placement
    return cost_summary(placement.cost, placement.prediction.rate_per_s, placement.paid_per_s)


def _measurements(placed: Placed) -> tuple[str, ...]:
    """The calibrations, and what was measured of the model by its digest in the store."""
    calibrations = [f"calibration of {c.chip} at {c.at:%Y-%m-%d %H:%M} UTC" for c in placed.calibrations]
    return (*calibrations, *(digest(encode(m)) for m in placed.evidence.known))
