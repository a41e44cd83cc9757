"""Traffic in bursts and batches that wait are decided by what was played request by request."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infractl.domain.placement import Placement
from infractl.domain.recipe import AS_GIVEN
from infractl.placement.arrivals import PATTERNS, unit_arrivals
from infractl.placement.demand import Demand
from infractl.placement.evaluate import candidates
from infractl.placement.explain import working
from infractl.placement.played import latency
from infractl.placement.service_time import End
from infractl.placement.simulate import Batching, simulate

BURSTY = PATTERNS["bursty"]
SINGLE = {"serving": {"batching": "off"}}


@pytest.fixture
def fleet(planner):
    """The machine of the tests, of which there are as many as anybody wants."""
    return replace(planner.offer, available=None)


def placed(planner, offer, pattern: str, model: str = "middling", **spec) -> Placement | None:
    traffic = {"pattern": pattern, **spec.pop("traffic")}
    decision = planner(model, offer, traffic=traffic, **spec)
    return decision.ranked[0].placement if decision.ranked else None


@pytest.mark.parametrize(("queues", "ca2"), [(1, 8.0), (4, 2.75), (70, 1.1)])
def test_each_of_several_queues_sees_less_of_the_bursts(queues: int, ca2: float) -> None:
    gaps = np.diff(unit_arrivals(BURSTY.among(queues), 200_000, 0))

    assert BURSTY.among(queues).variability == pytest.approx(ca2)
    assert gaps.mean() == pytest.approx(1, rel=0.02)
    assert gaps.var() / gaps.mean() ** 2 == pytest.approx(ca2, rel=0.05)


@pytest.mark.parametrize("pattern", ["bursty", "sporadic"])
def test_one_of_four_queues_is_as_slow_as_four_among_which_requests_are_drawn(pattern: str) -> None:
    batch_s = tuple(4e-3 + 1e-3 * items for items in range(1, 9))
    arrivals = PATTERNS[pattern]

    four = simulate(Batching(batch_s=batch_s, instances=4), 4 * 300, arrivals, 200_000)
    one = simulate(Batching(batch_s=batch_s), 300, arrivals.among(4), 200_000)

    for percentile in (50, 95, 99):
        assert one[percentile].value == pytest.approx(four[percentile].value, rel=0.05)


@given(
    peak=st.sampled_from([20, 150, 400, 900]),
    p99_ms=st.sampled_from([None, 6, 15, 40]),
    batching=st.sampled_from(["auto", "off"]),
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bursts_never_need_fewer_replicas_than_steady_traffic(planner, fleet, peak, p99_ms, batching) -> None:
    spec = {"traffic": {"peak": f"{peak}/s"}, "serving": {"batching": batching}}
    if p99_ms:
        spec["slo"] = {"latency": {"p99": f"{p99_ms}ms"}}

    steady, bursty = (placed(planner, fleet, pattern, **dict(spec)) for pattern in ("steady", "bursty"))

    assert steady is not None or bursty is None
    if steady and bursty:
        assert bursty.replicas >= steady.replicas


def test_where_steady_traffic_takes_one_replica_bursts_take_two(planner, fleet) -> None:
    """By hand, with the slow end's 0.33ms a request in the server's loop, at 1500/s and 15% more, so that it is busy for 0.59.

    After Kingman the mean wait is load / (1 - load) · S · ca2 / 2 and its tail exponential: the p99 of one replica is 0.5ms times
    ln(100 · 0.59) for steady traffic, and eight times as long, 13ms, in bursts. Of two each is busy for 0.29 and sees a ca2 of
    4.5: 3.5ms.
    """
    spec = {"traffic": {"peak": "1500/s"}, "slo": {"latency": {"p99": "6ms"}}, **SINGLE}

    steady, bursty = (placed(planner, fleet, pattern, **dict(spec)) for pattern in ("steady", "bursty"))

    assert steady is not None and bursty is not None
    assert (steady.replicas, bursty.replicas) == (1, 2)
    assert bursty.prediction.latency_s[99].high <= 6e-3
    assert bursty.prediction.capacity_per_s.low >= 1500


def test_the_same_traffic_is_played_each_time(planner, fleet) -> None:
    spec = {"traffic": {"peak": "500/s"}, "slo": {"latency": {"p99": "10ms"}}}

    assert placed(planner, fleet, "bursty", **dict(spec)) == placed(planner, fleet, "bursty", **dict(spec))


def test_what_was_played_is_told_with_its_interval(planner, fleet) -> None:
    service = planner.service(traffic={"peak": "400/s", "pattern": "bursty"}, slo={"latency": {"p99": "20ms"}})
    (evaluation,) = planner(
        "middling", fleet, traffic={"peak": "400/s", "pattern": "bursty"}, slo={"latency": {"p99": "20ms"}}
    ).ranked

    source = evaluation.placement.prediction.latency_s[99].source
    lines = {line.name: line for line in working(service, planner.profiles["middling"], planner.known, evaluation).lines}

    assert source.startswith("simulated, bursty arrivals with a squared coefficient of variation of 8, ± ")
    assert lines["variability of gaps"].figure.value == 8
    assert lines["p99"].figure.high == pytest.approx(evaluation.placement.prediction.latency_s[99].high)


def test_what_bursts_miss_is_said_with_what_was_played(planner) -> None:
    asked = {"traffic": {"peak": "1500/s", "pattern": "bursty"}, "slo": {"latency": {"p99": "6ms"}}, **SINGLE}
    decision = planner("middling", **asked)

    (refused,) = decision.refused
    assert {v.code for v in refused.violations} <= {"p99-over-slo", "needs-measurement", "throughput-short"}
    assert "bursty" in refused.violations[0].have.source
    assert planner.would_hold("middling", **asked)


def test_a_batch_that_waits_holds_more_and_takes_longer(planner) -> None:
    """S(b) grows with b: who waits for others also waits for their part of the batch, which the chain does not know."""
    service = planner.service(
        traffic={"peak": "400/s"}, serving={"batching": {"maxBatch": 32, "maxDelay": "20ms"}, "replicas": 1}
    )
    demand = Demand.of(service)
    waiting = candidates(service, planner.profiles["middling"], planner.offer, AS_GIVEN, planner.known)[0]

    played = latency(waiting, demand, End.expected)
    by_chain = waiting.station(End.expected).latency_s(400)

    assert played is not None and by_chain is not None
    assert played[99].value > by_chain[99]
