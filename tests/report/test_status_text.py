"""Status as people read it: a case is a folder with what is promised, measured and paid, and the text that it must give."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from infractl.domain.address import ServiceKey
from infractl.domain.cost import Cost, CostLine, cost_summary, per_thousand
from infractl.domain.figure import Basis, Figure
from infractl.domain.health import Health, HealthStatus
from infractl.domain.measurement import Measurement
from infractl.domain.offer import Rate
from infractl.domain.placement import Prediction
from infractl.domain.status import CostStatus, Promise, ResourceStatus, ServiceStatus, bench_capacity, broken_promises
from infractl.placement.price import over_budget
from infractl.report.status_text import status_text
from infractl.report.style import Style
from infractl.units import Money, format_duration, format_rate, parse_money

CASES = sorted((Path(__file__).parents[1] / "cases" / "status").iterdir())
NARROW = 80


def figure(value: float, unit: str, basis: Basis = Basis.measured) -> Figure:
    return Figure(value=value, unit=unit, low=0.9 * value, high=1.1 * value, basis=basis, source="a test")


def prediction(given: Mapping[str, Any]) -> Prediction:
    return Prediction(
        rate_per_s=given["rate_per_s"],
        latency_s={int(p): figure(s, "s", Basis(given["basis"])) for p, s in given["latency_s"].items()},
        capacity_per_s=figure(given["capacity_per_s"], "1/s", Basis.calibrated),
        memory_bytes=figure(61e6, "B", Basis.estimated),
        utilization=0.2,
    )


def bench(given: Mapping[str, Any]) -> Measurement:
    figures = {name: figure(v, "1/s" if name in ("capacity", "saturation") else "s") for name, v in given["figures"].items()}
    return Measurement(
        artifact="3f2a91c0" * 8,
        chip="Example CPU x2",
        machine={},
        config={"max_batch": 8.0, "max_delay_s": 0.0, "instances": 1.0, "threads": 1.0},
        at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
        figures=figures,
        rate_per_s=given.get("rate_per_s", 0.0),
        limits_s=given.get("limits_s", {}),
        requests=12000,
        errors=1,
    )


def cost(given: Mapping[str, Any], predicted: Prediction, measured: Measurement | None) -> CostStatus:
    price = parse_money(given["hourly"]) if "hourly" in given else None
    lines: tuple[CostLine, ...] = ()
    if price is not None:
        day = datetime(2026, 11, 24, tzinfo=UTC).date()
        rate = Rate(metric="instance", unit="hour", price=price.amount, currency=price.currency, source="a test", date=day)
        lines = (CostLine(name="this machine", usage=730, rate=rate),)
    whole = Cost(floor=lines, expected=lines, ceiling=lines, why="this machine: its price is not known")
    budget = parse_money(given["budget"]) if "budget" in given else None
    capacity = bench_capacity(measured) if measured else None
    best = per_thousand(whole.ceiling_amount, capacity.value) if capacity else None
    return CostStatus(
        cost=whole,
        summary=cost_summary(whole, given.get("average_per_s", predicted.rate_per_s), predicted.capacity_per_s.value),
        budget=budget,
        over_budget=over_budget(whole, budget),
        measured_per_s=capacity.value if capacity else None,
        per_thousand_measured=best if isinstance(best, Money) else None,
    )


def status_of(case: Path) -> ServiceStatus:
    given = yaml.safe_load((case / "status.yaml").read_text())
    predicted = prediction(given["prediction"])
    measured = bench(given["bench"]) if "bench" in given else None
    promise = Promise(**given["promise"])
    texts = {f"p{p}": format_duration(limit) for p, limit in promise.limits_s.items()}
    if promise.throughput_per_s is not None:
        texts["throughput"] = format_rate(promise.throughput_per_s)
    well = Health(HealthStatus.healthy)
    return ServiceStatus(
        key=ServiceKey(project="quickstart", environment=given.get("environment", "default"), service="digits"),
        target="local",
        health=well,
        version="2",
        outputs={"url": "http://127.0.0.1:8000"},
        resources=(ResourceStatus(address="digits.server.main", health=well, drifted=()),),
        promised=texts,
        prediction=predicted,
        measured=given.get("served", {}),
        bench=measured,
        broken=tuple(broken_promises(promise, [measured] if measured else [], given.get("served", {}))),
        cost=cost(given.get("cost", {}), predicted, measured),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_status_reads_as_its_case_says_and_fits_a_narrow_terminal(case: Path) -> None:
    text = status_text([status_of(case)], Style())

    golden = case / "status.txt"
    if os.environ.get("INFRACTL_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= NARROW


def test_a_broken_promise_is_red_and_colours_are_only_added() -> None:
    status = status_of(next(c for c in CASES if c.name == "broken"))

    plain, coloured = (status_text([status], Style(color=color)) for color in (False, True))

    assert "\x1b[31mbroken   \x1b[0m  p99" in coloured
    assert "\x1b[" not in plain


def test_what_is_declared_and_not_applied_has_no_table() -> None:
    bare = replace(status_of(CASES[0]), resources=(), note="declared, and not applied yet")

    assert status_text([bare], Style()) == "digits: declared, and not applied yet\n"
