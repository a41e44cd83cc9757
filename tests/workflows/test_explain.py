"""Why a service is placed where it is, asked of a market that offers this machine at two prices."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from infractl.report.explanation_document import explanation_schema
from infractl.testing.plugin import register

MARKET = "tests.testing.doubles.market:provider"


@pytest.fixture
def market(scene, tmp_path, monkeypatch) -> Any:
    """The scene's project at a market instead."""
    monkeypatch.syspath_prepend(str(register(tmp_path / "market", "market", MARKET)))
    machines = {"rack": {"cpus": 4, "memory": "16GiB", "price": {"perHour": "0.30 USD"}}}
    document = {"project": "testing", "targets": {"shop": {"provider": "market", "machines": machines}}}
    (scene.path / "infractl.yaml").write_text(json.dumps(document))
    scene.write(extra="  slo: {latency: {p99: 500ms}}\n  traffic: {peak: 20/s}\n")
    return scene


def explained(scene: Any, *words: str) -> Any:
    return json.loads(scene.run("explain", "scores", "--format", "json", *words).stdout)


def test_the_choice_is_that_of_the_plan_and_the_next_is_the_best_on_another_offer(market) -> None:
    found = explained(market)["explanation"]

    assert found["chosen"] == market.plan()["deployment"]["stable"]["placement"]
    assert (found["chosen"]["offer"]["name"], found["next_best"]["offer"]["name"]) == ("small", "rack")
    assert found["times"] == pytest.approx(1.5)


def test_what_is_refused_of_a_class_is_told_with_its_reason(market) -> None:
    (cpu,) = explained(market)["explanation"]["classes"]

    assert (cpu["hardware_class"], cpu["feasible"], cpu["refused"]) == ("cpu", 2, 1)
    assert cpu["nearest"]["offer"]["purchase"] == "spot"
    assert [v["code"] for v in cpu["nearest"]["violations"]] == ["spot-not-allowed"]


def test_the_document_fits_its_schema_with_and_without_a_sum(market) -> None:
    validator = Draft202012Validator(explanation_schema())

    assert list(validator.iter_errors(explained(market))) == []
    assert list(validator.iter_errors(explained(market, "--offer", "rack"))) == []


def test_the_sum_of_an_offer_ends_in_its_cost_with_the_source_of_each_figure(market) -> None:
    text = market.run("explain", "scores", "--offer", "rack").stdout

    order = ["service time", "batch", "queue", "capacity", "replicas", "memory", "cost a month", "sources"]
    heads = [line for line in text.splitlines() if line in order]
    assert heads == order
    assert "targets.shop.machines.rack.price in infractl.yaml" in text.partition("\nsources\n")[2]


def test_an_offer_that_there_is_not_is_told_with_those_that_are(market) -> None:
    assert "error[unknown-offer]" in market.run("explain", "scores", "--offer", "racks", code=1).stderr


def test_a_service_that_nothing_can_keep_is_explained_with_what_would_hold(market) -> None:
    market.write(extra="  slo: {latency: {p99: 1us}}\n  traffic: {peak: 20/s}\n")

    text = market.run("explain", "scores").stdout

    assert "chosen     nothing" in text
    assert "What would hold" in text


def test_a_service_that_is_recorded_and_not_declared_is_told_so(scene) -> None:
    scene.write()
    scene.apply()
    (scene.path / "scores.yaml").unlink()

    assert "error[service-not-declared]" in scene.run("explain", "scores", code=1).stderr
