"""What would change the choice: at the place that is told, and just before it, it is decided anew among all offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from infractl.domain.offer import Offer
from infractl.domain.placement import Decision
from infractl.placement.altered import with_limit, with_traffic
from infractl.placement.place import place
from infractl.placement.sensitivity import EXACT, Decide, sensitivity
from infractl.spec.service import InferenceService


@pytest.fixture
def market(planner, priced) -> tuple[Offer, ...]:
    """A machine of one core, and one of two at less than twice its price. There are as many as anybody wants."""
    cores = {"one": ("1.00", 1), "two": ("1.50", 2)}
    offers = [replace(priced(name, price), available=None) for name, (price, _) in cores.items()]
    return tuple(replace(offer, chip=replace(offer.chip, cores=cores[offer.name][1])) for offer in offers)


def asked(planner: Any, p99: str, peak: str) -> InferenceService:
    """Without batches there are few shapes to try."""
    service: InferenceService = planner.service(
        slo={"latency": {"p99": p99}}, traffic={"peak": peak}, serving={"batching": "off"}
    )
    return service


def decider(planner: Any, model: str, market: Sequence[Offer]) -> Decide:
    def decide(service: InferenceService) -> Decision:
        return place(service, planner.profiles[model], market, planner.known)

    return decide


def best(decide: Decide, service: InferenceService) -> str:
    decision = decide(service)
    assert decision.ranked[0].placement is not None
    return decision.ranked[0].offer.name


def test_just_below_the_traffic_at_which_another_offer_wins_the_first_one_still_does(planner, market) -> None:
    service = asked(planner, p99="20ms", peak="100/s")
    decide = decider(planner, "large", market)

    found = sensitivity(service, decide)

    turn = found.turns[0]
    before = [1 + part / 4 * (turn.factor / EXACT - 1) for part in range(5)]
    assert {best(decide, with_traffic(service, factor)) for factor in before} == {"one"}
    assert best(decide, with_traffic(service, turn.factor)) == "two"
    assert turn.chosen is not None and turn.chosen.offer.name == "two"
    assert turn.rate_per_s == pytest.approx(100 * turn.factor)
    assert found.decisions < 25


def test_a_choice_that_nothing_beats_stays_as_far_as_was_looked(planner, market) -> None:
    service = asked(planner, p99="20ms", peak="20/s")
    decide = decider(planner, "small", market)

    found = sensitivity(service, decide)

    assert found.turns == () and found.stays_to == 16


def test_the_shortest_limit_that_saves_is_one_that_is_enough_and_a_tenth_less_is_not(planner, market) -> None:
    service = asked(planner, p99="6ms", peak="300/s")
    decide = decider(planner, "large", market)
    decision = decide(service)

    (saving,) = sensitivity(service, decide).savings

    def cost(limit_s: float) -> Any:
        return decide(with_limit(service, 99, limit_s)).ranked[0].placement.cost.expected_amount.amount

    dear = decision.ranked[0].placement.cost.expected_amount.amount
    (relaxed,) = saving.relaxed
    limit_s = relaxed.to.value
    assert relaxed.field == "slo.latency.p99"
    assert dear - cost(limit_s) == saving.saves.amount > 0
    assert dear - cost(limit_s / EXACT / 1.01) < saving.saves.amount


def test_without_traffic_and_limits_there_is_nothing_to_ask(planner, market) -> None:
    service = planner.service()
    decide = decider(planner, "small", market)

    assert sensitivity(service, decide).decisions == 0


def test_every_declared_rate_grows_with_the_traffic(planner) -> None:
    service = planner.service(slo={"throughput": "50/s"}, traffic={"average": "10/s", "peak": "40/s"})

    spec = with_traffic(service, 3).spec

    assert (spec.traffic.average, spec.traffic.peak, spec.slo.throughput) == (30, 120, 150)


def test_a_limit_that_grows_beyond_that_of_a_higher_percentile_takes_it_along(planner) -> None:
    service = planner.service(slo={"latency": {"p50": "5ms", "p95": "10ms", "p99": "20ms"}})

    assert with_limit(service, 95, 0.03).spec.slo.latency.limits_s == {50: 0.005, 95: 0.03, 99: 0.03}
    assert with_limit(service, 95, 0.002).spec.slo.latency.limits_s == {50: 0.002, 95: 0.002, 99: 0.02}
