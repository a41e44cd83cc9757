"""Which placements nothing beats in cost and in time: by definition, each against each."""

from __future__ import annotations

from dataclasses import replace

from infractl.placement.pareto import DIFFERENT, cost_points


def test_a_placement_is_on_the_front_unless_another_is_as_cheap_and_clearly_faster(planner, priced) -> None:
    offers = []
    for name, price, cores in (("slow", "0.10", 1), ("wide", "0.50", 8), ("dear", "0.60", 4), ("widest", "0.90", 16)):
        offer = priced(name, price)
        offers.append(replace(offer, chip=replace(offer.chip, cores=cores)))
    decision = planner("large", *offers, traffic={"peak": "60/s"}, serving={"batching": "off"})

    points = cost_points(decision, decision.ranked[0].placement)

    assert len(points) == len(decision.ranked) + len(decision.outpriced) > 1
    front = [point for point in points if point.on_front]
    for point in points:
        as_cheap = [other for other in points if other is not point and other.monthly.amount <= point.monthly.amount]
        if point.on_front:
            assert all(other.p99_s > point.p99_s for other in as_cheap)
        else:
            assert any(other.p99_s < point.p99_s * DIFFERENT for other in as_cheap if other in front)
    assert [point.chosen for point in points] == [True, *[False] * (len(points) - 1)]


def test_what_has_no_price_or_one_in_another_currency_is_no_point(planner, offer, priced) -> None:
    decision = planner("small", priced("here", "0.10"), priced("there", "0.10", "EUR"), offer, traffic={"peak": "60/s"})

    assert [point.offer for point in cost_points(decision, None)] == ["here"]
