"""The budgets of infractl.yaml against what services cost, and how one is refused that is not kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from infractl.domain.budget import BudgetStanding, ServiceCost
from infractl.domain.unknown import Unknown
from infractl.errors import Diagnostic, RefusedError, Severity
from infractl.planning.budget import standings
from infractl.units import format_money
from infractl.workflows.workspace import Workspace


def budgets_of(workspace: Workspace, costs: Sequence[ServiceCost]) -> tuple[BudgetStanding, ...]:
    """What each budget of the project comes to."""
    declared = workspace.loaded.project.budgets
    return standings([(budget.labels, budget.monthly) for budget in declared], costs)


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
