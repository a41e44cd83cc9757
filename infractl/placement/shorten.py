"""A decision as documents carry it: the best, what was nearly chosen, and of each reason against an offer some that have it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from infractl.domain.placement import DOMINATED, Decision, Evaluation, Placement
from infractl.placement.refused import nearest_first
from infractl.placement.sticky import same

LISTED = 8
"""Of the feasible, and of each sort of refused ones: who wants all of them asks for them."""


def shortened(decision: Decision, recorded: Placement | None = None) -> Decision:
    """The recorded placement stays listed where it is feasible. What is left out is counted."""
    feasible = [e for n, e in enumerate(decision.ranked) if n < LISTED or _is(e, recorded)]
    # Where nothing holds, what comes near is what is looked for.
    refused = _some(decision.refused if decision.ranked else nearest_first(decision.refused))
    left = [e for e in decision.ranked if e not in feasible]
    omitted = Counter(decision.omitted)
    omitted.update(_reason(e) for e in decision.refused)
    omitted.subtract(Counter(_reason(e) for e in refused))
    outpriced = decision.outpriced[: max(0, LISTED - len(feasible))]
    omitted[DOMINATED] += len(left) + len(decision.outpriced) - len(outpriced)
    return replace(
        decision,
        ranked=tuple(feasible),
        refused=refused,
        outpriced=outpriced,
        omitted={reason: count for reason, count in sorted(omitted.items()) if count > 0},
    )


def _is(evaluation: Evaluation, recorded: Placement | None) -> bool:
    return recorded is not None and evaluation.placement is not None and same(evaluation.placement, recorded)


def _some(refused: Sequence[Evaluation]) -> tuple[Evaluation, ...]:
    """In their order, LISTED of each first reason."""
    seen: Counter[str] = Counter()
    found = []
    for evaluation in refused:
        seen[_reason(evaluation)] += 1
        if seen[_reason(evaluation)] <= LISTED:
            found.append(evaluation)
    return tuple(found)


def _reason(evaluation: Evaluation) -> str:
    return evaluation.violations[0].code
