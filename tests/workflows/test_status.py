"""`status` of a running service: what was benched of it is found in the store, and what it costs is today's price."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from infractl.clock import SystemClock
from infractl.domain.address import ServiceKey
from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import Measurement, shape_of
from infractl.domain.status import Promise, broken_promises
from infractl.measure.machine import machine_facts
from infractl.state.local import LocalStateStore
from infractl.state.measurements import LocalMeasurementStore

DAY = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
PRICED = "project: testing\ntargets: {local: {provider: local, price: {perHour: 0.12 USD}}}\n"


def figure(value: float, unit: str = "s") -> Figure:
    return Figure(value=value, unit=unit, low=0.9 * value, high=1.1 * value, basis=Basis.measured, source="made up for a test")


def measured(folder: Any, p99_s: float) -> Measurement:
    """As if it had been benched: of what is deployed, at its peak."""
    store = LocalStateStore(folder.path / ".infractl" / "state", SystemClock())
    state = store.read(ServiceKey(project="testing", environment="default", service="scores"))
    assert state is not None and state.deployment is not None
    release = state.deployment.stable
    return Measurement(
        artifact=release.artifact.digest,
        chip=release.placement.offer.chip.name,
        machine=machine_facts(),
        config=shape_of(release.config),
        at=DAY,
        figures={"p50": figure(0.001), "p95": figure(0.002), "p99": figure(p99_s), "capacity": figure(1000.0, "1/s")},
        rate_per_s=20.0,
        limits_s={99: 0.2},
        extents={"batch": 1},
        requests=100,
    )


def keep(folder: Any, *measurements: Measurement) -> None:
    store = LocalMeasurementStore(folder.path / ".infractl" / "measurements")
    for measurement in measurements:
        store.put(measurement)


def status_of(folder: Any) -> dict[str, Any]:
    (status,) = json.loads(folder.run("status", "--json").stdout)
    return status


@pytest.fixture
def running(folder: Any) -> Any:
    folder.write(extra="  budget: {monthly: 100 USD}\n")
    (folder.path / "infractl.yaml").write_text(PRICED)
    folder.run("apply", "--auto-approve")
    return folder


def test_the_newest_bench_of_what_is_deployed_stands_beside_the_promise(running: Any) -> None:
    kept = measured(running, p99_s=0.05)
    offline = replace(kept, at=DAY + timedelta(days=1), figures={"offline": figure(5000.0, "1/s")}, rate_per_s=0.0, limits_s={})
    others = [
        replace(kept, at=DAY + timedelta(days=2), artifact="0" * 64),
        replace(kept, at=DAY + timedelta(days=2), chip="another"),
        replace(kept, at=DAY + timedelta(days=2), config={**kept.config, "max_batch": 777.0}),
    ]
    keep(running, replace(kept, at=DAY - timedelta(days=1), requests=1), kept, offline, *others)

    status = status_of(running)
    text = running.run("status").stdout

    assert (status["bench"]["at"], status["bench"]["requests"]) == ("2026-11-24T09:30:00+00:00", 100)
    assert status["broken"] == []
    assert "bench      2026-11-24 09:30 UTC, at 20/s; 100 requests in all, 0 errors" in text
    (row,) = [line.split() for line in text.splitlines() if line.startswith("  p99")]
    assert row[-3:] == ["200ms", "50ms", "-"], "promised, by the bench, and of what it served: nothing yet"


def test_a_broken_promise_is_marked_and_the_exit_code_is_0(running: Any) -> None:
    keep(running, measured(running, p99_s=0.5))

    text = running.run("status", code=0).stdout

    assert "500ms !" in text
    assert "broken     p99: 500ms in the bench, promised 200ms" in text
    (broken,) = status_of(running)["broken"]
    assert broken == {"name": "p99", "source": "bench", "limit": 0.2, "found": 0.5, "unit": "s"}


def test_beyond_the_declared_peak_no_latency_is_promised(running: Any) -> None:
    keep(running, replace(measured(running, p99_s=0.5), rate_per_s=400.0))

    assert status_of(running)["broken"] == []


def test_latencies_of_what_were_mostly_benches_break_no_promise() -> None:
    """A bench overloads on purpose, and the service counts that as well."""
    promise, served = Promise(limits_s={99: 0.2}, peak_per_s=20.0), {"requests": 100.0, "p99_s": 0.5}

    assert [b.source for b in broken_promises(promise, (), served, benched=40)] == ["served"]
    assert list(broken_promises(promise, (), served, benched=60)) == []


def test_what_it_costs_is_todays_price_and_a_thousand_cost_by_traffic_and_by_what_was_measured(running: Any) -> None:
    keep(running, measured(running, p99_s=0.05))
    (running.path / "infractl.yaml").write_text(PRICED.replace("0.12", "0.24"))

    text = running.run("status").stdout
    cost = status_of(running)["cost"]

    assert "cost       175.20 USD a month, budget 100 USD: over-budget" in text
    assert cost["summary"]["expected"] == {"amount": "175.20", "currency": "USD"}
    assert (cost["summary"]["rate_per_s"], cost["measured_per_s"]) == (20.0, 1000.0)
    assert "per 1,000  0.00334 USD at 20/s, the traffic declared" in text
    assert "           0.0000667 USD at 1000/s, the capacity measured" in text


def test_a_price_that_is_not_declared_any_more_is_unknown(running: Any) -> None:
    (running.path / "infractl.yaml").write_text("project: testing\n")

    text = running.run("status").stdout

    assert "cost       unknown, budget 100 USD: this machine: its price is not known" in text
    assert "per 1,000" not in text


def test_a_measurement_that_is_damaged_is_told(running: Any) -> None:
    store: Path = running.path / ".infractl" / "measurements"
    store.mkdir()
    (store / f"{'0' * 64}.json").write_text("{}")

    assert "error[measurement-damaged]" in running.run("status", code=None).stderr


@pytest.mark.parametrize(
    ("project", "budget", "said"),
    [
        (PRICED, "87.60 USD", ""),
        (PRICED, "87.59 USD", "over-budget: needs 87.59 USD a month, has 87.60 USD a month"),
        ("project: testing\n", "87.60 USD", "declare what the machine costs as targets.local.price in infractl.yaml"),
    ],
    ids=["kept", "over", "unknown"],
)
def test_a_budget_is_planned_or_refused_with_exit_code_6(folder: Any, project: str, budget: str, said: str) -> None:
    folder.write(extra=f"  budget: {{monthly: {budget}}}\n")
    (folder.path / "infractl.yaml").write_text(project)

    planned = folder.run("plan", code=6 if said else 0)

    assert said in planned.stderr
    assert ("87.60 USD a month: 0.12 USD an hour" in planned.stdout) is not bool(said)
