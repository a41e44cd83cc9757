"""What is said where no placement meets what a service asks for."""

from __future__ import annotations

from collections.abc import Sequence

from infractl.domain.figure import Figure
from infractl.domain.placement import Decision, Evaluation, Nearest, Violation
from infractl.domain.profile import ModelProfile
from infractl.errors import Diagnostic, Severity
from infractl.placement.price import price_remedy
from infractl.placement.refused import nearest_first
from infractl.placement.service_time import open_axes
from infractl.spec.load import LoadedService

NOTHING_OFFERED = "infractl offers shows what targets offer; allow other ones, or other hardware classes of theirs"


def refusal(
    loaded: LoadedService, profile: ModelProfile | None, decision: Decision, nearest: Sequence[Nearest] | None = ()
) -> Diagnostic:
    """Why nothing is feasible: each offer with its reasons, the nearest first, placed at the first demand that is not met.

    `nearest` is what would hold; None where nobody looked.
    """
    violations = [(refused, violation) for refused in nearest_first(decision.refused) for violation in refused.violations]
    reasons = [f"{_tried(refused)}: {violation}" for refused, violation in violations]
    reasons += [f"and {count:,} more: {code}" for code, count in decision.omitted.items()]
    # What is against the nearest is what has to be mended: of some machine there is always something that nobody knows.
    codes = {violation.code for refused, violation in violations if refused is violations[0][0]}
    at = next((mark for _, violation in violations if (mark := loaded.mark(_demand(violation)))), loaded.mark("spec"))
    remedy = "allow other hardware classes or targets"
    if nearest is None:
        remedy = f"infractl explain {loaded.name} says what would hold"
    elif not decision.refused:
        remedy = NOTHING_OFFERED
    elif nearest:
        remedy = f"this would hold: {'; or '.join(map(str, nearest))}"
    elif "no-figures" in codes and (axes := _axes(loaded, profile)):
        sizes = ", ".join(f"{axis}: NUMBER" for axis in axes)
        remedy = f"say how large they usually are in a request: spec.traffic.shapes: {{{sizes}}}"
    elif "no-figures" in codes:
        remedy = "take spec.slo out and deploy it without a promise; what infractl bench then measures can be promised"
    elif "price-unknown" in codes:
        remedy = price_remedy(decision.refused)
    return Diagnostic(
        slug="slo-infeasible",
        severity=Severity.error,
        summary="no placement meets what this service asks for",
        detail="\n".join(reasons) or "no target offers anything",
        at=at,
        remedy=remedy,
    )


def _axes(loaded: LoadedService, profile: ModelProfile | None) -> tuple[str, ...]:
    """What a request's size is not known along; a language model's are its prompt and its output."""
    shapes = loaded.service.spec.traffic.shapes
    return open_axes(profile, shapes) if profile else tuple(name for name in ("prompt", "output") if name not in shapes)


def _tried(refused: Evaluation) -> str:
    """The offer, the recipe and, where one was found, the shape that came nearest."""
    cut = f", {refused.placement.cut}" if refused.placement else ""
    return f"{refused.offer.name} with {refused.recipe.name}{cut}"


def _demand(violation: Violation) -> str:
    """Where the demand stands that is not met: a declared figure says so itself."""
    declared = violation.need.source if isinstance(violation.need, Figure) else ""
    return declared if declared.startswith("spec.") else _DEMANDS.get(violation.code, "spec")


_DEMANDS = {
    "no-figures": "spec.slo",
    "over-budget": "spec.budget.monthly",
    "price-unknown": "spec.budget.monthly",
    "class-not-allowed": "spec.hardware.classes",
    "target-not-allowed": "spec.targets",
    "does-not-fit-memory": "spec.model.uri",
}
"""Where the demand stands that no figure of the document is."""
