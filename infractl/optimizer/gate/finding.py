"""From what was found on the rows to a verdict and its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from infractl.domain.metric import Metric
from infractl.domain.optimization import AccuracyVerdict, Outcome
from infractl.optimizer.gate.gate import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What the metric itself must keep: `bound` is the end of its interval on the side of `limit`. `needed` rows would tell."""

    limit: float
    value: float
    bound: float
    needed: Callable[[], int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The drop, with the ends of two one-sided intervals, on so many `rows`; below `least` rows nothing can be proven.

    `needed` says how many rows would; it takes a moment, and is asked only where the answer is unknown.
    """

    given: float
    candidate: float
    drop: float
    lower: float
    upper: float
    rows: int
    least: int | None
    needed: Callable[[], int | None]
    floor: Floor | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """What one of the two limits comes to."""

    outcome: Outcome
    why: str
    needed: int | None = None


def verdict(gate: Gate, finding: Finding) -> AccuracyVerdict:
    """Passed where both limits are proven, failed where one is not kept, unknown else.

    Both are tested at the gate's alpha: where both must hold, the error of the whole is no larger (R. Berger, "Multiparameter
    Hypothesis Testing and Acceptance Sampling", Technometrics 24, 1982, 295-300).
    """
    parts = [_drop_part(gate, finding)]
    if finding.floor is not None:
        parts.append(_floor_part(gate, finding.floor))
    outcome = next((o for o in (Outcome.failed, Outcome.unknown) if any(p.outcome is o for p in parts)), Outcome.passed)
    deciding = [part for part in parts if part.outcome is outcome]
    needs = [part.needed for part in deciding]
    return AccuracyVerdict(
        outcome=outcome,
        metric=gate.metric,
        given=finding.given,
        candidate=finding.candidate,
        drop=finding.drop,
        upper=finding.upper,
        margin=gate.max_drop,
        rows=finding.rows,
        confidence=gate.confidence,
        rows_needed=max((n for n in needs if n is not None), default=None) if outcome is Outcome.unknown and all(needs) else None,
        why="; ".join([*(part.why for part in deciding), *([finding.note] if finding.note else [])]),
    )


def _drop_part(gate: Gate, finding: Finding) -> _Part:
    enough = finding.least is not None and finding.rows >= finding.least
    proof = f"with {100 * gate.confidence:.4g}% confidence {_bound(gate, finding.upper)}"
    allowed = f"{_amount(gate, gate.max_drop)} allowed"
    if enough and finding.upper <= gate.max_drop:
        return _Part(outcome=Outcome.passed, why=f"{proof}, with {allowed}")
    if finding.lower > gate.max_drop or (enough and finding.drop >= gate.max_drop):
        return _Part(outcome=Outcome.failed, why=f"{_found(gate, finding.drop)}, with {allowed}")
    needed = finding.needed()
    why = f"{finding.rows:,} rows are too few: {proof}, with {allowed}; {_would_tell(needed)}"
    return _Part(outcome=Outcome.unknown, needed=needed, why=why)


def _floor_part(gate: Gate, floor: Floor) -> _Part:
    is_error = gate.metric.is_an_error
    kept = floor.value <= floor.limit if is_error else floor.value >= floor.limit
    proven = floor.bound <= floor.limit if is_error else floor.bound >= floor.limit
    asked = f"{'at most' if is_error else 'at least'} {floor.limit:.6g} asked for"
    if not kept:
        return _Part(outcome=Outcome.failed, why=f"{gate.metric} is {floor.value:.6g}, with {asked}")
    if proven:
        return _Part(outcome=Outcome.passed, why=f"{gate.metric} is {floor.value:.6g}, with {asked}")
    needed = floor.needed()
    why = f"{gate.metric} is {floor.value:.6g}, which may be {floor.bound:.6g} in truth, with {asked}; {_would_tell(needed)}"
    return _Part(outcome=Outcome.unknown, needed=needed, why=why)


def _would_tell(rows: int | None) -> str:
    return f"{rows:,} rows would tell" if rows else "no number of rows that anybody has would tell"


def _found(gate: Gate, drop: float) -> str:
    if gate.metric is Metric.agreement:
        return f"{_amount(gate, drop)} of the answers differ"
    return f"{_amount(gate, drop)} worse"


def _bound(gate: Gate, upper: float) -> str:
    if gate.metric is Metric.agreement:
        return f"at most {_amount(gate, upper)} of the answers differ"
    return f"at most {_amount(gate, upper)} worse" if upper >= 0 else f"at least {_amount(gate, -upper)} better"


def _amount(gate: Gate, value: float) -> str:
    """Points of a hundred; of errors a share of the given model's, of answers a share of the rows."""
    if gate.metric.is_an_error or gate.metric is Metric.agreement:
        return f"{100 * value:.3g}%"
    return f"{100 * value:.3g} point{'s' * (round(100 * value, 9) != 1)}"
