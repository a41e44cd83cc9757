"""`apply` and `destroy`: make a plan so, under the services' locks."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from infractl.applying.apply import Run, apply_service, not_started
from infractl.applying.connection import Connections
from infractl.applying.preflight import preflight
from infractl.applying.stop import Stop
from infractl.applying.wait import Waiting
from infractl.applying.workers import PARALLELISM, Workers
from infractl.domain.address import ServiceKey
from infractl.domain.applied import Applied
from infractl.domain.event import Event
from infractl.domain.plan import Plan, ServicePlan
from infractl.domain.service_state import ServiceState
from infractl.domain.steering import Steering
from infractl.errors import Diagnostic, Diagnostics, InfractlError, ProviderError, Severity, StalePlanError, UsageError
from infractl.spec.load import load_root
from infractl.state.store import Lease
from infractl.workflows.beginning import check_forgotten, forgotten
from infractl.workflows.lock import IMPATIENT, Patience, lock
from infractl.workflows.move import take_over
from infractl.workflows.observe import begins_anew, settle_service
from infractl.workflows.place import Progress
from infractl.workflows.plan import plan_destroy, providers_of
from infractl.workflows.prices import check_prices, record
from infractl.workflows.rollback import plan_rollback
from infractl.workflows.seen import of_each
from infractl.workflows.select import declared
from infractl.workflows.stale import check_fresh, check_measured
from infractl.workflows.steer import keys_of, plan_steered
from infractl.workflows.target import require_services
from infractl.workflows.workspace import Workspace, open_project, who


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How an apply talks to whoever runs it: may it go on with this plan, what happens, and whether to stop.

    `patience` is how long it waits for locks, `parallelism` how many steps may run at once.
    """

    approve: Callable[[Plan], bool]
    progress: Progress
    emit: Callable[[Event], None]
    stop: Stop
    carrying_out: Callable[[], AbstractContextManager[None]]
    """Entered once something is being changed: from then on a wish to stop lets what runs end."""
    patience: Patience = IMPATIENT
    parallelism: int = PARALLELISM


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The plan that was carried out, and how each service ended.

    `undo`: where the record alone was changed, the commands that take that back. `refused`: of services that nobody can apply
    yet, why; the others were carried out.
    """

    plan: Plan
    applied: tuple[Applied, ...]
    undo: tuple[str, ...] = ()
    refused: tuple[Diagnostic, ...] = ()


def apply(workspace: Workspace, steering: Steering, voice: Voice) -> Outcome:
    """Plan and carry out under the locks of the services. Raises what `plan` raises, LockHeldError, UsageError if refused."""
    with _locked(workspace, keys_of(workspace, steering), voice.patience) as leases:
        _settle(workspace, leases, voice)
        return _carry_out(workspace, plan_steered(workspace, steering, voice.progress), leases, voice)


def destroy(workspace: Workspace, keys: Sequence[ServiceKey], steering: Steering, voice: Voice) -> Outcome:
    """Leave nothing of the services, or of what is asked for."""
    require_services(steering, {k.service for k in keys})
    others = sorted({*workspace.loaded.selection.names, *declared(workspace)} - {k.service for k in keys})
    of_each(lambda key: check_forgotten(workspace, key), map(workspace.key, others))
    keys = [k for k in keys if steering.covers(k.service)]
    with _locked(workspace, keys, voice.patience) as leases:
        _settle(workspace, leases, voice)
        outcome = _carry_out(workspace, plan_destroy(workspace, keys, steering), leases, voice)
    if workspace.whole and not workspace.loaded.selection.partial and not steering.targets and not voice.stop.requested:
        _tell_of_forgotten(workspace, set(keys), voice.progress)
    return outcome


def _tell_of_forgotten(workspace: Workspace, destroyed: Collection[ServiceKey], progress: Progress) -> None:
    """Whoever destroys a whole project believes that nothing of it is left."""
    try:
        left = forgotten(workspace, destroyed)
    except InfractlError as error:
        progress(f"Whether objects of services that were forgotten still live is not known: {error.diagnostics[0].summary}")
        return
    if left:
        count, names = sum(left.values()), ", ".join(left)
        each = workspace.call(f"destroy --service {next(iter(left))}")
        progress(f"Still live, of services that were forgotten with state rm ({names}): {count} objects; {each} tells which")


def rollback(workspace: Workspace, service: str, serial: int | None, voice: Voice) -> Outcome:
    """Back to an earlier deployment: what `plan_rollback` plans and raises, carried out."""
    # Before the lock, which would leave its files behind for a slip of the pen.
    plan_rollback(workspace, service, serial)
    key = workspace.key(service)
    with _locked(workspace, [key], voice.patience) as leases:
        _settle(workspace, leases, voice)
        return _carry_out(workspace, plan_rollback(workspace, service, serial), leases, voice)


def open_saved(directory: Path, saved: Plan) -> Workspace:
    """The project and environment of a plan that was saved. Raises StalePlanError in another project, SpecError."""
    project = load_root(directory, saved.environment).project.project
    if saved.project != project:
        raise StalePlanError.of(
            "plan-foreign",
            summary="this plan was made for another project",
            detail=f"it is for {saved.project}, this is {project}",
            remedy="run apply in the project's directory, or make the plan again",
        )
    # Its documents and models are not looked at, and need not be here: the stores have all that it needs.
    return open_project(directory, saved.environment)


def apply_saved(workspace: Workspace, saved: Plan, voice: Voice) -> Outcome:
    """Carry out a plan that was made and reviewed earlier, if nothing has changed since. Raises StalePlanError."""
    installed = providers_of(workspace, saved.services)
    if saved.providers != installed:
        raise StalePlanError.of(
            "plan-provider",
            summary="this plan was made with other versions of the providers",
            detail=f"it was made with {_named(saved.providers)}, here are {_named(installed)}",
            remedy="install those versions, or make and review a new plan",
        )
    moved = [workspace.key(s.moved_from) for s in saved.services if s.moved_from]
    with _locked(workspace, [*(s.key for s in saved.services), *moved], voice.patience) as leases:
        states = _settle(workspace, leases, voice)
        _check(workspace, saved, states)
        return _carry_out(workspace, saved, leases, voice)


def _check(workspace: Workspace, saved: Plan, states: Mapping[ServiceKey, ServiceState | None]) -> None:
    """Raises StalePlanError with what is wrong with every service."""
    problems = Diagnostics()
    for service in saved.services:
        try:
            check_fresh(workspace, service, states)
            if not saved.steering.refresh_only:
                check_measured(workspace, service)
                check_prices(workspace, service)
        except StalePlanError as error:
            problems.extend(error.diagnostics)
    problems.raise_errors(StalePlanError)


@contextmanager
def _locked(workspace: Workspace, keys: Sequence[ServiceKey], patience: Patience) -> Iterator[dict[ServiceKey, Lease]]:
    """All the locks, in one order for everybody, so that two commands never wait for each other; none if one is held."""
    since = workspace.clock.monotonic()
    with ExitStack() as held:
        leases: dict[ServiceKey, Lease] = {}
        for key in sorted(set(keys)):
            lease = lock(workspace, key, patience, since=since)
            held.callback(lease.release)
            leases[key] = lease
            workspace.held[key] = lease.holder.id
            held.callback(workspace.held.pop, key)
        yield leases


def _settle(workspace: Workspace, leases: dict[ServiceKey, Lease], voice: Voice) -> dict[ServiceKey, ServiceState | None]:
    """Raises what is wrong with any of them; the others are settled all the same."""

    def settled(key: ServiceKey) -> ServiceState | None:
        state = settle_service(workspace, key, leases[key].epoch, voice.progress)
        # No plan could be made of it: whoever mends what is wrong is told all of it now.
        for target in {r.target for r in (*state.resources, *state.deposed)} if state else ():
            workspace.target(target)
        return state

    return dict(zip(leases, of_each(settled, leases, unanswered=True), strict=True))


def _carry_out(workspace: Workspace, plan: Plan, leases: dict[ServiceKey, Lease], voice: Voice) -> Outcome:
    refused = _inapplicable(workspace, plan)
    changes = [c for s in plan.services for c in s.changed]
    against = Diagnostics(preflight(changes, workspace.connections({c.target for c in changes})))
    against.raise_errors(ProviderError)
    if plan.changed and not voice.approve(plan):
        raise UsageError.of(
            "not-approved",
            summary="nothing was applied",
            detail="the plan was not approved",
            remedy="answer yes, or pass --auto-approve",
        )
    # Of all services at once: a provider is connected to once, whoever needs it first.
    connections = workspace.connections({t for c in changes for t in (c.target, *([c.recorded.target] if c.recorded else ()))})
    with voice.carrying_out(), Workers(voice.parallelism) as workers:
        _set_aside(workspace, leases, voice)
        taken = [service for service in plan.services if service.key not in refused]
        carried = workers.each(lambda s: _service(workspace, s, leases, voice, connections, workers), taken)
        applied = tuple(a for a in carried if a is not None)
    _lock_prices(workspace, plan, voice)
    undo = tuple(_undo(workspace, applied)) if plan.steering.refresh_only else ()
    return Outcome(plan=plan, applied=applied, undo=undo, refused=tuple(refused.values()))


def _lock_prices(workspace: Workspace, plan: Plan, voice: Voice) -> None:
    """What was applied is applied: a lock that cannot be written is told of, and fails nothing."""
    try:
        record(workspace, plan)
    except InfractlError as error:
        voice.progress(f"The prices of this plan are not locked: {error.diagnostics[0].detail}")


def _undo(workspace: Workspace, applied: Sequence[Applied]) -> Iterator[str]:
    for one in applied:
        if one.state is not None and one.state.serial > one.plan.serial:
            yield workspace.call(f"state restore {one.plan.key.service} --to {one.plan.serial}")


def _inapplicable(workspace: Workspace, plan: Plan) -> Mapping[ServiceKey, Diagnostic]:
    """Why services that a plan deploys cannot be: their provider only offers. Raises ProviderError where nothing else changes."""
    found = {}
    for service in plan.services:
        if service.deployment is None or workspace.target(service.target).provider.kinds:
            continue
        name = workspace.target(service.target).target.provider
        found[service.key] = Diagnostic(
            slug="provider-only-offers",
            severity=Severity.error,
            summary="this target's provider cannot apply yet",
            detail=f"{name} decides and prices what runs at {service.target}, and makes nothing there",
            at=str(service.key),
            remedy="name a target whose provider applies in spec.targets, or leave it at the plan",
        )
    if found and not any(service.changed for service in plan.services if service.key not in found):
        raise ProviderError(*found.values())
    return found


def _set_aside(workspace: Workspace, leases: Mapping[ServiceKey, Lease], voice: Voice) -> None:
    for key, lease in leases.items():
        if begins_anew(workspace, key):
            where = workspace.stores.state.set_aside(key, epoch=lease.epoch)
            voice.progress(f"{key.service}: what was left of its lost state is kept in {where}")


def _service(
    workspace: Workspace,
    service: ServicePlan,
    leases: Mapping[ServiceKey, Lease],
    voice: Voice,
    connections: Connections,
    workers: Workers,
) -> Applied | None:
    """None where it has nothing to do. One that breaks is told of, and ends no other."""
    try:
        state = workspace.stores.state.read(service.key)
        if not service.changed and not _outdated(service, state):
            return None
        if voice.stop.requested:
            return not_started(service, state)
        if service.moved_from:
            state = take_over(workspace, service, leases)
        return apply_service(service, state, _run(workspace, leases[service.key], voice, connections, workers))
    except InfractlError as error:
        return Applied(plan=service, results=(), state=None, errors=error.diagnostics)


def _run(workspace: Workspace, lease: Lease, voice: Voice, connections: Connections, workers: Workers) -> Run:
    return Run(
        store=workspace.stores.state,
        epoch=lease.epoch,
        connections=connections,
        waiting=Waiting(clock=workspace.clock, tell=voice.progress),
        emit=voice.emit,
        stop=voice.stop,
        who=who(),
        workers=workers,
    )


def _outdated(service: ServicePlan, state: ServiceState | None) -> bool:
    """Whether the document must be written though no resource changes: the service's words or its name
    changed, or it is empty and to go."""
    if service.partial:
        return False
    if state is None:
        return bool(service.moved_from)
    if service.deployment is None:
        return True
    return (state.spec_digest, state.rollback) != (service.spec_digest, service.rollback)


def _named(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) or "none"
