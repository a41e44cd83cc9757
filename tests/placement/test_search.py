"""The search that leaves out what cannot win finds what looking at everything finds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer, Purchase, Rate
from infractl.domain.recipe import AS_GIVEN
from infractl.hardware import catalogue
from infractl.placement.evaluate import Question, evaluate
from infractl.placement.place import place
from infractl.placement.rank import compared_in, order
from infractl.placement.shorten import LISTED, shortened
from infractl.placement.sticky import identity

GIB = 2**30
NOTHING = Measurements(calibrations={})


def offer(name: str, price: str, vcpus: int = 0, chip: str = "") -> Offer:
    found = catalogue.chip(chip) if chip else catalogue.processor("x86-avx512-vnni", vcpus=vcpus, ghz=3.0, memory_bytes=8 * GIB)
    rate = Rate(metric="instance", unit="hour", price=Decimal(price), currency="USD", source="a test", date=date(2026, 11, 24))
    return Offer(
        name=name,
        target="cloud",
        chip=found,
        count=1,
        region="here",
        purchase=Purchase.on_demand,
        tariff=(rate,),
        host_memory_bytes=8 * GIB,
        host_cores=found.cores or 4,
    )


PRICES = st.sampled_from(["0.05", "0.09", "0.10", "0.11", "0.20", "0.21", "0.40", "1.10"])
SHAPES = st.sampled_from([(2, ""), (4, ""), (8, ""), (0, "T4"), (0, "L4"), (0, "A10G")])
OFFERS = st.lists(st.tuples(PRICES, SHAPES), min_size=2, max_size=5)


@given(
    drawn=OFFERS,
    model=st.sampled_from(["small", "middling", "large"]),
    p99_ms=st.sampled_from([None, 5, 12, 30, 100]),
    peak=st.sampled_from([1, 40, 700, 3_000, 11_000]),
    pattern=st.sampled_from(["steady", "diurnal"]),
    budget=st.sampled_from([None, "150 USD", "700 USD"]),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_search_chooses_what_looking_at_everything_does(planner, drawn, model, p99_ms, peak, pattern, budget) -> None:
    offers = [offer(f"offer {n}", price, vcpus, chip) for n, (price, (vcpus, chip)) in enumerate(drawn)]
    slo = {"slo": {"latency": {"p99": f"{p99_ms}ms"}}} if p99_ms else {}
    limit = {"budget": {"monthly": budget}} if budget else {}
    service = planner.service(traffic={"peak": f"{peak}/s", "pattern": pattern}, **slo, **limit)
    profile = planner.profiles[model]

    decision = place(service, profile, offers, NOTHING)

    asked = Question(service=service, profile=profile, known=NOTHING)
    everything = [evaluate(asked, each, AS_GIVEN) for each in offers]
    feasible = [e for e in everything if not e.violations]
    assert bool(decision.ranked) == bool(feasible)
    if feasible:
        best = min(feasible, key=lambda e: order(e, compared_in(service, feasible)))
        found = decision.ranked[0].placement
        assert found.cost.expected_amount == best.placement.cost.expected_amount
        assert identity(found) == identity(best.placement)


def test_each_pair_is_told_of_once_and_a_loser_says_by_what(planner) -> None:
    offers = [offer(f"{n} cores at {price}", price, n) for n, price in product((2, 4, 8), ("0.1", "0.2", "0.4", "0.8"))]

    decision = place(planner.service(traffic={"peak": "100/s"}), planner.profiles["small"], offers, NOTHING)

    told = [e.offer.name for e in (*decision.ranked, *decision.outpriced, *decision.refused)]
    assert sorted(told) == sorted(o.name for o in offers)
    assert all(e.dominated and e.dominated.dearer.amount >= 0 for e in (*decision.ranked[1:], *decision.outpriced))


def test_a_document_lists_some_of_many_and_counts_the_rest(planner) -> None:
    offers = [offer(f"offer {n}", f"0.{n + 10}", 2) for n in range(30)]
    barred = [replace(each, name=f"other {n}", target="elsewhere") for n, each in enumerate(offers)]
    service = planner.service(traffic={"peak": "100/s"}, targets=["cloud"])

    whole = place(service, planner.profiles["small"], [*offers, *barred], NOTHING)
    short = shortened(whole)

    assert short.ranked[0] == whole.ranked[0]
    assert len(short.ranked) + len(short.outpriced) == len(short.refused) == LISTED
    assert short.omitted == {"dominated-by": 30 - LISTED, "target-not-allowed": 30 - LISTED}
    assert short == shortened(place(service, planner.profiles["small"], [*offers, *barred], NOTHING, listed=LISTED))


@pytest.mark.parametrize("peak", ["10/s", "100000/s"])
def test_what_is_short_is_said_with_both_numbers_without_looking_closer(planner, peak) -> None:
    service = planner.service(slo={"latency": {"p99": "1ms"}}, traffic={"peak": peak})

    decision = place(service, planner.profiles["large"], [offer("small", "0.1", 2)], NOTHING)

    (refused,) = decision.refused
    assert {v.code for v in refused.violations} <= {"service-time-over-slo", "needs-measurement"}
    assert refused.violations[0].need.value == 1e-3 < refused.violations[0].have.high
