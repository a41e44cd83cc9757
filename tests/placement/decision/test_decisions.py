"""Decisions as a sceptic expects them: a folder a case, whose case.yaml was written by hand before anything was computed.

explain.txt beside it is what is told of the decision; INFRACTL_GOLDENS=1 rewrites it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from infractl.domain.placement import Evaluation
from infractl.placement.gates import hardware_class
from infractl.units import Money, format_money
from tests.placement.decision.case import CASES, Case, codes, of
from tests.placement.decision.listing import listing

NAMES = sorted(case.name for case in CASES.iterdir())

Decided = Callable[[str], Case]


def attribute(evaluation: Evaluation, name: str) -> Any:
    placement, offer = evaluation.placement, evaluation.offer
    assert placement is not None
    match name:
        case "class":
            return str(hardware_class(offer))
        case "offer":
            return offer.name
        case "target" | "region" | "purchase" | "count":
            return getattr(offer, name)
        case "recipe":
            return evaluation.recipe.name
        case "cost":
            amount = placement.cost.expected_amount
            return format_money(amount) if isinstance(amount, Money) else "unknown"
        case "beside":
            return placement.beside.name if placement.beside else None
        case "basis":
            return str(placement.prediction.latency_s[99].basis)
        case _:
            return getattr(placement, name)


@pytest.mark.parametrize("name", NAMES)
def test_the_winner_is_the_one_that_a_sceptic_expects(decided: Decided, name: str) -> None:
    case = decided(name)
    expected, chosen = case.told["winner"], case.chosen

    if expected is None:
        assert chosen is None
        return
    assert chosen is not None, [f"{e.offer.name}: {e.violations}" for e in case.decision.refused]
    assert {key: attribute(chosen, key) for key in expected} == expected


@pytest.mark.parametrize("name", [name for name in NAMES if "cheaper_than_its_peak:" in (CASES / name / "case.yaml").read_text()])
def test_what_follows_the_traffic_costs_less_than_its_peak_all_the_time(decided: Decided, name: str) -> None:
    case = decided(name)
    assert case.chosen is not None and case.chosen.placement is not None
    cost = case.chosen.placement.cost

    assert isinstance(cost.expected_amount, Money) and isinstance(cost.ceiling_amount, Money)
    assert (cost.expected_amount.amount < cost.ceiling_amount.amount) is case.told["cheaper_than_its_peak"]


@pytest.mark.parametrize("name", NAMES)
def test_each_loser_is_refused_for_the_reason_that_a_sceptic_gives(decided: Decided, name: str) -> None:
    case = decided(name)

    for key, expected in case.told.get("refused", {}).items():
        wanted = {expected} if isinstance(expected, str) else set(expected)
        refused = of(case.decision.refused, key)
        assert refused, f"{key} is not refused"
        assert not of(case.feasible, key), f"{key} is feasible"
        for evaluation in refused:
            assert codes(evaluation) & wanted, f"{evaluation.offer.name} with {evaluation.recipe.name}: {codes(evaluation)}"


@pytest.mark.parametrize("name", NAMES)
def test_what_costs_more_is_dominated_and_what_would_be_feasible_is_told(decided: Decided, name: str) -> None:
    case = decided(name)

    for key in case.told.get("dominated", ()):
        dominated = [e for e in of(case.feasible, key) if e.dominated]
        assert dominated, f"{key} is not among what is feasible and not chosen"
    told = [str(near) for near in case.nearest]
    for words in case.told.get("nearest", ()):
        assert any(words in text for text in told), told


@pytest.mark.parametrize("name", NAMES)
def test_what_is_told_of_it_reads_as_reviewed(decided: Decided, name: str) -> None:
    text, expected = listing(decided(name)), CASES / name / "explain.txt"

    if os.environ.get("INFRACTL_GOLDENS"):
        expected.write_text(text)
    assert text == expected.read_text()
