"""`apply` and `destroy`: make a plan so, under the services' locks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from infractl.applying.apply import Run, apply_service
from infractl.applying.stop import Stop
from infractl.applying.wait import Waiting
from infractl.domain.address import ServiceKey
from infractl.domain.applied import Applied
from infractl.domain.event import Event
from infractl.domain.plan import Plan, ServicePlan
from infractl.domain.service_state import ServiceState
from infractl.errors import StalePlanError, UsageError
from infractl.state.store import Lease
from infractl.workflows.observe import settle_service
from infractl.workflows.place import Progress
from infractl.workflows.plan import declared, plan, plan_destroy, providers_of, recorded_keys
from infractl.workflows.workspace import ENVIRONMENT, Workspace, who


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """How an apply talks to whoever runs it: may it go on with this plan, what happens, and whether to stop."""

    approve: Callable[[Plan], bool]
    progress: Progress
    emit: Callable[[Event], None]
    stop: Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The plan that was carried out, and how each service ended."""

    plan: Plan
    applied: tuple[Applied, ...]


def apply(workspace: Workspace, voice: Voice) -> Outcome:
    """Plan and carry out under the locks of the services. Raises what `plan` raises, LockHeldError, UsageError if refused."""
    removed = [k for k in recorded_keys(workspace) if workspace.whole and k.service not in declared(workspace)]
    keys = [*(workspace.key(name) for name in declared(workspace)), *removed]
    with _locked(workspace, keys) as leases:
        _settle(workspace, leases, voice)
        return _carry_out(workspace, plan(workspace, voice.progress), leases, voice)


def destroy(workspace: Workspace, keys: Sequence[ServiceKey], voice: Voice) -> Outcome:
    """Leave nothing of the services."""
    with _locked(workspace, keys) as leases:
        _settle(workspace, leases, voice)
        return _carry_out(workspace, plan_destroy(workspace, keys), leases, voice)


def apply_saved(workspace: Workspace, saved: Plan, voice: Voice) -> Outcome:
    """Carry out a plan that was made and reviewed earlier, if nothing has changed since. Raises StalePlanError."""
    if (saved.project, saved.environment) != (workspace.project, ENVIRONMENT):
        raise StalePlanError.of(
            "plan-foreign",
            summary="this plan was made for another project",
            detail=f"it is for {saved.project}/{saved.environment}, this is {workspace.project}/{ENVIRONMENT}",
            remedy="run apply in the project's directory, or make the plan again",
        )
    installed = providers_of(workspace, saved.services)
    if saved.providers != installed:
        raise StalePlanError.of(
            "plan-provider",
            summary="this plan was made with other versions of the providers",
            detail=f"it was made with {_named(saved.providers)}, here are {_named(installed)}",
            remedy="install those versions, or make and review a new plan",
        )
    with _locked(workspace, [s.key for s in saved.services]) as leases:
        states = _settle(workspace, leases, voice)
        for service in saved.services:
            _check_fresh(service, states[service.key])
        return _carry_out(workspace, saved, leases, voice)


def destroyable(workspace: Workspace) -> Sequence[ServiceKey]:
    """The recorded services that the paths name: all of a whole project."""
    keys = recorded_keys(workspace)
    return keys if workspace.whole else [k for k in keys if k.service in declared(workspace)]


@contextmanager
def _locked(workspace: Workspace, keys: Sequence[ServiceKey]) -> Iterator[dict[ServiceKey, Lease]]:
    """All the locks, in one order for everybody, so that two commands never wait for each other; none if one is held."""
    with ExitStack() as held:
        leases: dict[ServiceKey, Lease] = {}
        for key in sorted(keys):
            lease = workspace.stores.state.lock(key, who())
            held.callback(lease.release)
            leases[key] = lease
            workspace.held[key] = lease.holder.id
            held.callback(workspace.held.pop, key)
        yield leases


def _settle(workspace: Workspace, leases: dict[ServiceKey, Lease], voice: Voice) -> dict[ServiceKey, ServiceState | None]:
    return {key: settle_service(workspace, key, lease.epoch, voice.progress) for key, lease in leases.items()}


def _carry_out(workspace: Workspace, plan: Plan, leases: dict[ServiceKey, Lease], voice: Voice) -> Outcome:
    if plan.changed and not voice.approve(plan):
        raise UsageError.of(
            "not-approved",
            summary="nothing was applied",
            detail="the plan was not approved",
            remedy="answer yes, or pass --auto-approve",
        )
    names = {c.target for s in plan.services for c in s.changes} | {
        c.recorded.target for s in plan.services for c in s.changes if c.recorded
    }
    connections = workspace.connections(names)
    applied = []
    for service in plan.services:
        state = workspace.stores.state.read(service.key)
        if not service.changed and not _outdated(service, state):
            continue
        run = Run(
            store=workspace.stores.state,
            epoch=leases[service.key].epoch,
            connections=connections,
            waiting=Waiting(clock=workspace.clock, tell=voice.progress),
            emit=voice.emit,
            stop=voice.stop,
            who=who(),
        )
        applied.append(apply_service(service, state, run))
    return Outcome(plan=plan, applied=tuple(applied))


def _outdated(service: ServicePlan, state: ServiceState | None) -> bool:
    """Whether the document must be written though no resource changes: the service's words changed, or it is empty and to go."""
    return state is not None and (service.deployment is None or state.spec_digest != service.spec_digest)


def _check_fresh(service: ServicePlan, state: ServiceState | None) -> None:
    lineage, serial = (state.lineage, state.serial) if state else (service.lineage, 0)
    if (lineage, serial) == (service.lineage, service.serial):
        return
    if state is None:
        happened = "the service was destroyed since"
    elif lineage != service.lineage:
        happened = f"the service was destroyed and made anew since; {_last(state)}"
    else:
        happened = f"its state went from serial {service.serial} to {serial}; {_last(state)}"
    raise StalePlanError.of(
        "plan-stale",
        summary="this plan was made from a state that is no more",
        detail=f"{service.key.service}: {happened}",
        remedy="make and review a new plan: infractl plan --out PLAN",
    )


def _named(versions: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) or "none"


def _last(state: ServiceState) -> str:
    return f"last changed {state.changed_at:%Y-%m-%d %H:%M:%S} UTC by {state.changed_by}"
