"""What would hold where nothing does: it does hold as it is told, and a little less far it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infractl.placement.altered import with_limit, with_traffic
from infractl.placement.place import place
from infractl.placement.refused import nearest_miss
from infractl.placement.relax import EXACT, relaxations


@pytest.fixture
def infeasible(planner, priced):
    """A service of which two machines carry too little, and what is decided of it."""
    small, large = (replace(priced(name, price), available=2) for name, price in (("small", "1.00"), ("large", "1.50")))
    offers = [replace(offer, chip=replace(offer.chip, cores=cores)) for offer, cores in ((small, 1), (large, 2))]
    service = planner.service(slo={"latency": {"p99": "5ms"}}, traffic={"peak": "300/s"}, serving={"batching": "off"})

    def decide(asked):
        return place(asked, planner.profiles["large"], offers, planner.known)

    assert not decide(service).ranked
    return service, decide


def test_each_demand_is_relaxed_alone_and_just_far_enough(infeasible) -> None:
    service, decide = infeasible

    found = {near.relaxed[0].field: near for near in relaxations(service, decide)}

    limit_s, rate = found["slo.latency.p99"].relaxed[0].to.value, found["traffic.peak"].relaxed[0].to.value
    assert decide(with_limit(service, 99, limit_s)).ranked
    assert not decide(with_limit(service, 99, limit_s / EXACT / 1.02)).ranked
    assert decide(with_traffic(service, rate / 300)).ranked
    assert not decide(with_traffic(service, rate * EXACT * 1.02 / 300)).ranked
    assert found["slo.latency.p99"].on == "large"


def test_what_gives_up_least_comes_first(infeasible) -> None:
    service, decide = infeasible

    first, second = (near.relaxed[0] for near in relaxations(service, decide))

    times = {"slo.latency.p99": lambda to: to / 0.005, "traffic.peak": lambda to: 300 / to}
    assert times[first.field](first.to.value) <= times[second.field](second.to.value)


def test_a_budget_that_is_too_small_is_relaxed_to_what_the_cheapest_costs(planner, priced) -> None:
    service = planner.service(traffic={"peak": "20/s"}, budget={"monthly": "50 USD"}, serving={"batching": "off"})

    (near,) = relaxations(service, lambda asked: place(asked, planner.profiles["small"], [priced("it", "0.10")], planner.known))

    assert str(near) == "73.00 USD a month on it"


def test_so_is_what_a_thousand_answers_may_cost(planner, priced) -> None:
    """0.10 USD an hour at 20 requests a second are 0.00139 USD for a thousand of them."""
    asked = {"traffic": {"peak": "20/s", "average": "20/s"}, "budget": {"perThousand": "0.001 USD"}}

    (near,) = planner.would_hold("small", priced("it", "0.10"), **asked)

    assert str(near) == "0.00139 USD a thousand on it"


def test_what_costs_least_a_thousand_comes_nearest(planner, priced) -> None:
    asked = {"traffic": {"peak": "20/s", "average": "20/s"}, "budget": {"perThousand": "0.001 USD"}}

    decision = planner("small", priced("dear", "0.30"), priced("cheap", "0.20"), **asked)

    near = nearest_miss(decision.refused)
    assert near is not None and near.offer.name == "cheap"
