"""What a declared machine price makes a month, a budget and a thousand inferences; the sums are worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from infractl.domain.cost import per_thousand
from infractl.domain.machine_price import Bought, MachinePrice, Power, Rented
from infractl.domain.offer import Offer, Purchase
from infractl.domain.unknown import Unknown
from infractl.placement.price import at_price, monthly_cost, over_budget
from infractl.units import Money, format_money, parse_money

DAY = date(2026, 11, 24)
RENTED = MachinePrice(paid=Rented(per_hour=parse_money("0.12 USD")))
BOUGHT = MachinePrice(
    paid=Bought(capex=parse_money("7200 USD"), months=36), power=Power(watts=Decimal(500), per_kwh=parse_money("0.30 USD"))
)


def priced(offer: Offer, price: MachinePrice | None) -> Offer:
    return at_price([offer], price, "targets.local.price", DAY)[0]


def test_a_rented_machine_is_paid_for_730_hours_by_each_replica(offer) -> None:
    cost = monthly_cost(priced(offer, RENTED), replicas=2)

    assert cost.floor_amount == cost.expected_amount == cost.ceiling_amount == parse_money("175.20 USD")


def test_a_bought_machine_is_written_off_and_its_power_counted_in_full_but_for_the_floor(offer) -> None:
    cost = monthly_cost(priced(offer, BOUGHT), replicas=1)

    assert cost.floor_amount == parse_money("200 USD")
    assert cost.expected_amount == cost.ceiling_amount == parse_money("309.50 USD")  # and 0.5 kW x 730 h x 0.30 USD
    assert [line.name for line in cost.expected] == [
        "written off 7200 USD over 36 months",
        "500 W at 0.30 USD/kWh, all the time",
    ]


def test_what_is_bought_from_others_keeps_its_price(offer) -> None:
    foreign = replace(offer, purchase=Purchase.on_demand)

    assert priced(foreign, RENTED) == foreign


def test_a_machine_without_a_price_costs_what_is_unknown_and_not_0(offer) -> None:
    amount = monthly_cost(priced(replace(offer, tariff=()), None), replicas=1).expected_amount

    assert isinstance(amount, Unknown)


@pytest.mark.parametrize(
    ("budget", "code"),
    [("87.60 USD", None), ("87.59 USD", "over-budget"), ("1000 EUR", "price-unknown")],
    ids=["as much as it costs", "a cent less", "another currency"],
)
def test_a_budget_is_kept_up_to_its_last_cent(budget: str, code: str | None, offer) -> None:
    violation = over_budget(monthly_cost(priced(offer, RENTED), replicas=1), parse_money(budget))

    assert (violation.code if violation else None) == code


def test_an_unknown_price_keeps_no_budget(offer) -> None:
    violation = over_budget(monthly_cost(replace(offer, tariff=()), replicas=1), parse_money("1 USD"))

    assert violation is not None and violation.code == "price-unknown"


def test_a_thousand_inferences_share_the_price_of_a_month() -> None:
    # 0.1/s are 262,800 in a month of 730 hours.
    assert per_thousand(parse_money("262.80 USD"), 0.1) == parse_money("1 USD")


@pytest.mark.parametrize("rate_per_s", [0.0, float("inf"), float("nan")])
def test_a_price_that_no_traffic_shares_is_unknown(rate_per_s: float) -> None:
    assert isinstance(per_thousand(parse_money("100 USD"), rate_per_s), Unknown)


def test_what_a_thousand_cost_at_an_unknown_price_says_why_it_is_unknown() -> None:
    assert per_thousand(Unknown("no price declared"), 10.0) == Unknown("no price declared")


@pytest.mark.parametrize(
    ("amount", "text"),
    [("298.8833", "298.89 USD"), ("0.00016666", "0.000167 USD"), ("0", "0 USD"), ("0.12", "0.12 USD")],
)
def test_money_is_shown_rounded_up(amount: str, text: str) -> None:
    assert format_money(Money(amount=Decimal(amount), currency="USD")) == text
