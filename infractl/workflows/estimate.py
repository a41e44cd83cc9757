"""`estimate`: what services would cost and give, as declared and as tried out, without asking any account or state."""

from __future__ import annotations

from dataclasses import replace

from infractl.domain.budget import ServiceCost
from infractl.domain.estimate import Estimate, Expectation, ServiceEstimate
from infractl.domain.unknown import Unknown
from infractl.errors import Diagnostic, InfeasibleError, InfractlError, RefusedError, Severity
from infractl.spec.load import LoadedService
from infractl.spec.what_if import OPTION
from infractl.workflows.fleet_budget import budgets_of, over
from infractl.workflows.place import BUDGET, Progress, decide_service
from infractl.workflows.plan import declared_traffic, promises
from infractl.workflows.refusal import NOTHING_OFFERED
from infractl.workflows.workspace import Workspace


def estimate(workspace: Workspace, baseline: Workspace | None, what_if: tuple[str, ...], progress: Progress) -> Estimate:
    """`workspace` is the project with what is tried out, and `baseline` as it is declared, where something is.

    Raises ModelError, ProviderError.
    """
    from infractl.placement.estimate import total

    before: dict[str, Expectation] = {}
    if baseline:
        baseline = replace(baseline, reuse=workspace.reuse)
        before = {loaded.name: _outcome(baseline, loaded, progress) for loaded in baseline.loaded.services}
    services = tuple(
        ServiceEstimate(
            key=workspace.key(loaded.name),
            labels=loaded.service.metadata.labels,
            given=tuple(given for given in loaded.given if OPTION in given.at),
            baseline=before.get(loaded.name),
            outcome=_outcome(workspace, loaded, progress),
        )
        for loaded in workspace.loaded.services
    )
    return Estimate(
        project=workspace.project,
        environment=workspace.environment,
        what_if=what_if,
        services=services,
        total=total({service.key.service: service.outcome for service in services}),
        baseline_total=total(before) if baseline else None,
        budgets=budgets_of(workspace, [_cost(service) for service in services]),
    )


def _outcome(workspace: Workspace, loaded: LoadedService, progress: Progress) -> Expectation:
    from infractl.placement.estimate import outcome

    found = decide_service(workspace, loaded, None, progress)
    return outcome(loaded.service, promises(loaded), declared_traffic(loaded), found.decision, found.nearest)


def _cost(service: ServiceEstimate) -> ServiceCost:
    cost = service.outcome.cost
    monthly = cost.expected if cost else Unknown("nothing keeps what is asked of it")
    return ServiceCost(service=service.key.service, labels=service.labels, monthly=monthly)


def failed(workspace: Workspace, estimate: Estimate) -> InfractlError | None:
    """What a plan would be refused for: services that nothing can keep, else budgets that are not kept."""
    infeasible = [service for service in estimate.services if service.outcome.placement is None]
    if infeasible:
        budget = all(_only_dear(service) for service in infeasible)
        return (RefusedError if budget else InfeasibleError)(*(_infeasible(workspace, service) for service in infeasible))
    return over(workspace, estimate.budgets)


def _only_dear(service: ServiceEstimate) -> bool:
    refused = service.outcome.refused
    return refused is not None and all(v.code in BUDGET for v in refused.violations)


def _infeasible(workspace: Workspace, service: ServiceEstimate) -> Diagnostic:
    """The nearest miss alone: `explain` has all."""
    outcome, name = service.outcome, service.key.service
    loaded = next(loaded for loaded in workspace.loaded.services if loaded.name == name)
    near = outcome.refused
    reasons = "; ".join(map(str, near.violations)) if near else "no target offers anything"
    holds = f"this would hold: {'; or '.join(map(str, outcome.nearest))}" if outcome.nearest else ""
    return Diagnostic(
        slug="slo-infeasible",
        severity=Severity.error,
        summary="no placement meets what this service asks for",
        detail=f"{name}: the nearest is {near.offer.name} with {near.recipe.name}: {reasons}" if near else f"{name}: {reasons}",
        at=loaded.mark("spec.slo") or loaded.mark("spec"),
        remedy=holds or (f"infractl explain {name} says what was refused, and why" if near else NOTHING_OFFERED),
    )
