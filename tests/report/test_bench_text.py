"""What a bench found, as people read it: beside each figure what was promised, and whether that is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from infractl.domain.address import ServiceKey
from infractl.domain.bench import Bench, Run, Scenario
from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import SHAPE, Measurement
from infractl.report.bench_text import bench_text
from infractl.report.style import Style


def figure(low: float, value: float, high: float, unit: str = "s") -> Figure:
    return Figure(value=value, unit=unit, low=low, high=high, basis=Basis.measured, source="a test")


def bench(p99: Figure, *, bound: bool = False, disturbances: tuple[str, ...] = (), **changes: object) -> Bench:
    run = Run(
        scenario=Scenario.server,
        rate_per_s=200.0,
        connections=256,
        warm_up_s=0.5,
        seconds=5.0,
        requests=1100,
        errors=0,
        figures={"p99": p99},
        lacking={"p99.9": "too few requests: 1,000, and 3,688 are needed"},
        bound=bound,
    )
    measurement = Measurement(
        artifact="ab" * 32,
        chip="a chip",
        machine={},
        config=dict.fromkeys(SHAPE, 1.0),
        at=datetime(2026, 11, 30, tzinfo=UTC),
        figures={"p99": p99},
        disturbances=disturbances,
    )
    found = Bench(
        key=ServiceKey(project="shop", environment="default", service="fraud"),
        version="1",
        url="http://127.0.0.1:8000",
        measurement=measurement,
        runs=(run,),
        skipped={},
        predicted={},
        promised={"p99": figure(0.01, 0.01, 0.01)},
        notes=(),
        stored="cd" * 32,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def verdict(found: Bench) -> str:
    (line,) = [line for line in bench_text(found, Style()).splitlines() if line.startswith("    p99 ")]
    return line.split()[-1]


@pytest.mark.parametrize(
    ("p99", "word"),
    [(figure(0.004, 0.005, 0.006), "kept"), (figure(0.011, 0.02, 0.03), "broken"), (figure(0.009, 0.011, 0.02), "uncertain")],
)
def test_a_promise_is_kept_or_broken_where_the_whole_interval_says_so(p99: Figure, word: str) -> None:
    assert verdict(bench(p99)) == word


@pytest.mark.parametrize("why", [{"bound": True}, {"disturbances": ("other work keeps this machine busy",)}])
def test_what_may_be_better_than_it_was_measured_breaks_nothing(why) -> None:
    assert verdict(bench(figure(0.011, 0.02, 0.03), **why)) == "uncertain"
    assert verdict(bench(figure(0.004, 0.005, 0.006), **why)) == "kept"


def test_what_is_not_promised_at_this_load_has_no_verdict() -> None:
    assert verdict(bench(figure(0.004, 0.005, 0.006), promised={})) == "-"


def test_a_percentile_without_a_figure_says_why_and_what_was_stored_is_named() -> None:
    text = bench_text(bench(figure(0.004, 0.005, 0.006)), Style())

    assert "too few requests: 1,000, and 3,688 are needed" in text
    assert "Stored as cdcdcdcdcdcd" in text


def test_what_could_not_be_stored_is_shown_with_the_reason() -> None:
    text = bench_text(bench(figure(0.004, 0.005, 0.006), stored="", why_not="the store cannot be written"), Style())

    assert "p99" in text
    assert "the store cannot be written" in text
