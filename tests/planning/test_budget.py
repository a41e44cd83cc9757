"""What services cost together against the budgets that they share by label."""

from __future__ import annotations

from decimal import Decimal

import pytest

from infractl.domain.budget import ServiceCost
from infractl.domain.unknown import Unknown
from infractl.planning.budget import standings
from infractl.units import Money


def usd(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="USD")


def cost(service: str, monthly: Money | Unknown, **labels: str) -> ServiceCost:
    return ServiceCost(service=service, labels=labels, monthly=monthly)


@pytest.mark.parametrize(("limit", "kept"), [("30", True), ("29.99", False)])
def test_the_services_that_have_all_labels_count_and_a_budget_may_be_used_up(limit: str, kept: bool) -> None:
    costs = [
        cost("a", usd("10"), team="risk", tier="high"),
        cost("b", usd("20"), team="risk", tier="high", more="yes"),
        cost("c", usd("40"), team="risk"),
        cost("d", usd("80"), team="search", tier="high"),
    ]

    (found,) = standings([({"team": "risk", "tier": "high"}, usd(limit))], costs)

    assert (found.services, found.total, found.kept) == (("a", "b"), usd("30"), kept)


def test_one_unknown_price_makes_the_sum_unknown_and_that_keeps_no_budget() -> None:
    costs = [cost("a", usd("1"), team="risk"), cost("b", Unknown("nobody declared it"), team="risk")]

    (found,) = standings([({"team": "risk"}, usd("100"))], costs)

    assert found.total == Unknown("what b costs is not known: nobody declared it")
    assert not found.kept


def test_a_budget_without_services_is_kept_at_nothing() -> None:
    (found,) = standings([({"team": "risk"}, usd("100"))], [cost("a", Unknown("why"), team="search")])

    assert (found.total, found.kept) == (usd("0"), True)
