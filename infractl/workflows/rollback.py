"""`rollback`: the plan back to a deployment that the state's history holds. No model is read, nothing is placed or built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from infractl.domain.address import ServiceKey
from infractl.domain.cost import cost_summary
from infractl.domain.plan import Plan, ServicePlan
from infractl.domain.release import Deployment, Release
from infractl.domain.service_state import Rollback, ServiceState
from infractl.errors import StateError, UsageError
from infractl.planning.diff import Desired
from infractl.planning.leave import paths_of
from infractl.provider.plugin import calling
from infractl.state.codec import digest, encode
from infractl.workflows.beginning import Beginning
from infractl.workflows.elsewhere import environments_with
from infractl.workflows.ignoring import patterns_of
from infractl.workflows.observe import Known, known
from infractl.workflows.plan import assemble, compared, cost_before
from infractl.workflows.workspace import Workspace, readable


def plan_rollback(workspace: Workspace, service: str, serial: int | None) -> Plan:
    """The plan to the deployment that version `serial` recorded; None is the newest with another release than the present one.

    Raises UsageError for what cannot be gone back to, StateError for an artifact that is kept no more, ProviderError.
    """
    key = workspace.key(service)
    found = known(workspace, key)
    present = found.state
    if present is None or present.deployment is None:
        raise _not_deployed(workspace, service)
    wanted = _wanted(workspace, present, serial)
    return assemble(workspace, [_plan(workspace, key, found, wanted, _gone_back(present.deployment, wanted))])


def _gone_back(present: Deployment, wanted: ServiceState) -> Deployment:
    """The earlier deployment. A protection that was put on since stays: it is not what a release brings."""
    assert wanted.deployment is not None
    return replace(wanted.deployment, protected=present.protected)


def _plan(workspace: Workspace, key: ServiceKey, found: Known, wanted: ServiceState, deployment: Deployment) -> ServicePlan:
    state = found.state
    assert state is not None and state.deployment is not None
    _require_artifacts(workspace, key, wanted, deployment)
    opened = workspace.target(wanted.target)
    with calling(opened.target.provider, "compile"):
        compiled = opened.provider.compile(deployment, opened.target)
    ignored = patterns_of(readable(workspace, key.service))
    desired = [
        Desired(resource=replace(r, ignores=paths_of(ignored, r.address)), target=opened.target.name) for r in compiled.resources
    ]
    changes, notices = compared(workspace, key, Beginning(lineage=state.lineage), found, desired)
    placement = deployment.stable.placement
    prediction = placement.prediction
    return ServicePlan(
        key=key,
        target=opened.target.name,
        lineage=state.lineage,
        serial=state.serial,
        spec_digest=wanted.spec_digest,
        current=state.deployment.stable.version,
        deployment=deployment,
        decision=None,
        slo={},
        traffic={},
        changes=changes,
        outputs=compiled.outputs,
        notices=notices,
        measurements=tuple(digest(encode(m)) for m in workspace.measured.get(deployment.stable.artifact.digest, ())),
        cost=cost_summary(placement.cost, prediction.rate_per_s, placement.paid_per_s),
        cost_before=cost_before(state),
        rollback=Rollback(serial=wanted.serial, left=state.deployment.stable.version),
    )


def _wanted(workspace: Workspace, present: ServiceState, serial: int | None) -> ServiceState:
    candidates = _candidates(workspace, present)
    assert present.deployment is not None
    now = _served(present.deployment.stable)
    for state in candidates:
        assert state.deployment is not None
        if state.serial == serial or (serial is None and _served(state.deployment.stable) != now):
            return state
    if serial is None:
        raise UsageError.of(
            "rollback-nowhere",
            summary="no earlier release of this service is kept",
            detail=f"every kept version of {present.key.service} deploys the release {present.deployment.stable.version}",
            remedy="declare the version that you want, and apply it",
        )
    raise UsageError.of(
        "rollback-unfit",
        summary="this version holds no deployment that can be gone back to",
        detail=f"{serial} is not among: {_listed(candidates)}",
        remedy=f"choose one of them: {workspace.call(f'rollback {present.key.service} --to SERIAL')}",
    )


def _candidates(workspace: Workspace, present: ServiceState) -> Sequence[ServiceState]:
    """The earlier versions of this life with another deployment than the present one, newest first."""
    assert present.deployment is not None
    mine = [s for s in workspace.stores.state.history(present.key) if s.lineage == present.lineage and s.deployment]
    return [s for s in mine if _gone_back(present.deployment, s) != present.deployment]


def _listed(candidates: Sequence[ServiceState]) -> str:
    """Of versions with the same deployment, one after the other, the newest stands for all."""
    lines = [next(run) for _, run in groupby(candidates, lambda s: s.deployment)]
    told = (
        f"{s.serial} (version {s.deployment.stable.version}, {s.changed_at:%Y-%m-%d %H:%M} UTC)" for s in lines if s.deployment
    )
    return ", ".join(told) or "none"


def _served(release: Release) -> object:
    """What answers: figures that were predicted anew make no other release."""
    return release.version, release.artifact.digest, release.config


def _require_artifacts(workspace: Workspace, key: ServiceKey, wanted: ServiceState, deployment: Deployment) -> None:
    for release in (deployment.stable, *([deployment.candidate] if deployment.candidate else [])):
        if not workspace.stores.artifacts.has(release.artifact.digest):
            raise StateError.of(
                "rollback-artifact",
                summary="the model that this version served is not kept any more, and a rollback builds none",
                detail=f"version {release.version} of serial {wanted.serial} served {release.artifact.digest}, "
                "which the artifact store does not have",
                at=str(key),
                remedy=f"declare version {release.version} with its model, and apply it",
            )


def _not_deployed(workspace: Workspace, service: str) -> UsageError:
    others = environments_with(workspace, service)
    return UsageError.of(
        "rollback-not-deployed",
        summary="this service is not deployed, and cannot be rolled back",
        detail=f"{service} in the environment {workspace.environment}" + (f"; it is in {', '.join(others)}" if others else ""),
        remedy="add --env NAME" if others else f"{workspace.call('state list')} shows what is recorded",
    )
