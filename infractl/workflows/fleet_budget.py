"""The budgets of infractl.yaml against what services cost, and how one is refused that is not kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from infractl.domain.address import ServiceKey
from infractl.domain.budget import BudgetStanding, ServiceCost
from infractl.domain.plan import ServicePlan
from infractl.domain.unknown import Unknown
from infractl.errors import Diagnostic, RefusedError, Severity
from infractl.planning.budget import standings
from infractl.spec.load import declared_labels
from infractl.units import Money, format_money
from infractl.workflows.workspace import Workspace


def budgets_of(workspace: Workspace, costs: Sequence[ServiceCost]) -> tuple[BudgetStanding, ...]:
    """What each budget of the project comes to."""
    declared = workspace.loaded.project.budgets
    return standings([(budget.labels, budget.monthly) for budget in declared], costs)


def kept_budgets(workspace: Workspace, services: Sequence[ServicePlan]) -> tuple[BudgetStanding, ...]:
    """What the budgets come to after a plan: what it leaves out counts as it is recorded.

    Raises RefusedError where one is not kept then and the plan makes it worse. What is removed or made cheaper is never refused.
    """
    if not workspace.loaded.project.budgets:
        return ()
    others = _recorded(workspace, {service.key for service in services})
    after = [*(_planned(service) for service in services if service.deployment), *others]
    before = [*(_deployed(service) for service in services if service.cost_before), *others]
    found, earlier = budgets_of(workspace, after), budgets_of(workspace, before)
    changed = {service.key.service for service in services if service.changed or service.decided_alone}
    worse = [now for now, then in zip(found, earlier, strict=True) if changed & {*now.services} and _dearer(now, then)]
    if refused := over(workspace, worse):
        raise refused
    return found


def _dearer(now: BudgetStanding, then: BudgetStanding) -> bool:
    if isinstance(now.total, Money) and isinstance(then.total, Money):
        return now.total.amount > then.total.amount
    return isinstance(now.total, Unknown)


def _planned(service: ServicePlan) -> ServiceCost:
    monthly = service.cost.expected if service.cost else Unknown("its cost is not computed")
    return ServiceCost(service=service.key.service, labels=service.labels, monthly=monthly)


def _deployed(service: ServicePlan) -> ServiceCost:
    assert service.cost_before is not None
    return ServiceCost(service=service.key.service, labels=service.labels, monthly=service.cost_before.expected)


def _recorded(workspace: Workspace, besides: Collection[ServiceKey]) -> Sequence[ServiceCost]:
    """What is deployed and not planned now, at the prices of the day on which it was applied.

    What no document declares any more has no labels that a budget could be for.
    """
    keys = [k for k in workspace.stores.state.keys(workspace.project, workspace.environment) if k not in besides]
    labels = declared_labels(workspace.loaded.root, workspace.environment) if keys else {}
    found = []
    for key in keys:
        state = workspace.stores.state.read(key) if key.service in labels else None
        if state is not None and state.deployment is not None:
            monthly = state.deployment.stable.placement.cost.expected_amount
            found.append(ServiceCost(service=key.service, labels=labels[key.service], monthly=monthly, recorded=True))
    return found


def over(workspace: Workspace, budgets: Iterable[BudgetStanding]) -> RefusedError | None:
    """What stands against a plan that does not keep them; None where all are kept."""
    problems = [_problem(workspace, budget) for budget in budgets if not budget.kept]
    return RefusedError(*problems) if problems else None


def _problem(workspace: Workspace, budget: BudgetStanding) -> Diagnostic:
    document = workspace.loaded.document
    labels = ", ".join(f"{name}={value}" for name, value in budget.labels.items())
    counted = ", ".join(f"{name} as applied" if name in budget.recorded else name for name in budget.services)
    unknown = isinstance(budget.total, Unknown)
    have = budget.total.why if isinstance(budget.total, Unknown) else f"{format_money(budget.total)} a month"
    return Diagnostic(
        slug="fleet-budget",
        severity=Severity.error,
        summary="services that share a budget cost more than it, or nobody knows what they cost",
        detail=f"{labels}: needs {format_money(budget.monthly)} a month at most, has {have} ({counted})",
        at=document.mark(("budgets", budget.number, "monthly")) if document else None,
        remedy="declare what its machines cost, as targets.NAME.price in infractl.yaml"
        if unknown
        else "infractl explain SERVICE says what would cost less; or raise the budget",
    )
