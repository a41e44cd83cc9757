"""What services would cost, asked of a market that offers this machine, with nothing applied and no account."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from infractl.report.estimate_document import estimate_schema
from infractl.testing.plugin import register

MARKET = "tests.testing.doubles.market:provider"
EXTRA = "  slo: {latency: {p99: 500ms}}\n  traffic: {peak: 20/s}\n"


@pytest.fixture
def market(scene, tmp_path, monkeypatch) -> Any:
    """The scene's project at a market instead, with two services."""
    monkeypatch.syspath_prepend(str(register(tmp_path / "market", "market", MARKET)))
    declare(scene)
    scene.write(extra=EXTRA)
    scene.write("ranks", extra=EXTRA)
    return scene


def declare(scene: Any, **more: Any) -> None:
    document = {"project": "testing", "targets": {"shop": {"provider": "market"}}, **more}
    (scene.path / "infractl.yaml").write_text(json.dumps(document))


def estimated(scene: Any, *words: str, code: int = 0) -> Any:
    return json.loads(scene.run("estimate", "--format", "json", *words, code=code).stdout)["estimate"]


def test_several_services_are_one_table_with_a_total(market) -> None:
    lines = [line.split() for line in market.run("estimate").stdout.splitlines()]

    assert [words[0] for words in lines if words[-3:] == ["USD", "146.00", "USD"]] == ["ranks", "scores"]
    assert ["total", "292.00", "USD", "292.00", "USD", "292.00", "USD"] in lines


def test_it_prices_what_a_plan_would_choose_and_leaves_no_trace(market) -> None:
    services = {service["key"]["service"]: service for service in estimated(market)["services"]}
    assert not (market.path / ".infractl").exists()

    planned = market.plan("--service", "scores")
    assert services["scores"]["outcome"]["placement"] == planned["deployment"]["stable"]["placement"]
    assert services["scores"]["outcome"]["cost"] == planned["cost"]
    assert services["scores"]["baseline"] is None


def test_what_is_tried_out_stands_beside_what_is_declared(market) -> None:
    (service,) = estimated(market, "--service", "scores", "--what-if", "traffic.peak=40/s,slo.latency.p99=400ms")["services"]

    assert (service["baseline"]["traffic"], service["baseline"]["slo"]) == ({"peak": "20/s"}, {"p99": "500ms"})
    assert (service["outcome"]["traffic"], service["outcome"]["slo"]) == ({"peak": "40/s"}, {"p99": "400ms"})
    assert [(given["path"], given["before"], given["value"]) for given in service["given"]] == [
        ("spec.slo.latency.p99", "500ms", "400ms"),
        ("spec.traffic.peak", "20/s", "40/s"),
    ]


@pytest.mark.parametrize(
    ("option", "slug", "column"),
    [("traffic.peek=40/s", "unknown-key", 9), ("traffic.peak=40", "quantity", 14), ("traffic", "what-if", 1)],
)
def test_a_wrong_value_is_told_at_its_place_in_the_option(market, option, slug, column) -> None:
    stderr = market.run("estimate", "--what-if", option, code=1).stderr

    assert f"error[{slug}]" in stderr
    assert f"--> --what-if:1:{column}\n" in stderr


def test_a_field_that_is_tried_twice_is_told_with_the_second(market) -> None:
    stderr = market.run("estimate", "--what-if", "traffic.peak=5/s,traffic.peak=6/s", code=1).stderr

    assert "'traffic.peak=6/s' is tried twice" in stderr and "--> --what-if:1:18\n" in stderr


def test_tokens_are_not_promised_of_a_model_of_which_nothing_predicts_them(market) -> None:
    stderr = market.run("estimate", "--service", "scores", "--what-if", "slo.ttft.p95=1s,slo.tokenThroughput=5/s", code=1).stderr

    assert stderr.count("error[slo-of-tokens]") == 2
    assert "slo.ttft is predicted of a language model" in stderr and "slo.tokenThroughput is predicted" in stderr


def test_a_value_may_hold_commas_and_null_takes_a_field_out(market) -> None:
    tried = "hardware.classes=[cpu, gpu],slo.latency=null"

    (service,) = estimated(market, "--service", "scores", "--what-if", tried)["services"]

    assert service["outcome"]["slo"] == {}
    assert {given["path"] for given in service["given"]} == {"spec.hardware.classes", "spec.slo.latency"}


def test_what_nothing_keeps_is_told_with_what_would_hold_and_the_others_are_priced(market) -> None:
    market.write(extra="  slo: {latency: {p99: 1us}}\n  traffic: {peak: 20/s}\n")

    done = market.run("estimate", code=1)

    assert "scores: nothing keeps what is asked" in done.stdout
    assert "146.00 USD" in done.stdout
    assert "error[slo-infeasible]" in done.stderr


def test_a_fleet_budget_that_is_exceeded_shows_and_refuses(market) -> None:
    declare(market, budgets=[{"labels": {"team": team}, "monthly": "200 USD"} for team in ("risk", "none")])
    for path in market.path.glob("*.yaml"):
        path.write_text(path.read_text().replace("metadata: {", "metadata: {labels: {team: risk}, "))

    done = market.run("estimate", code=6)

    assert "Budget team=risk: 292.00 USD of 200 USD a month, over-budget (ranks, scores)" in done.stdout
    assert "Budget team=none: 0 USD of 200 USD a month (no service has these labels)" in done.stdout
    assert "error[fleet-budget]" in done.stderr and "infractl.yaml:1:" in done.stderr
    assert "error[fleet-budget]" in market.run("plan", code=6).stderr


def test_the_document_fits_its_schema(market) -> None:
    validator = Draft202012Validator(estimate_schema())

    for words in ([], ["--what-if", "traffic.peak=40/s"]):
        document = json.loads(market.run("estimate", "--format", "json", *words).stdout)
        assert list(validator.iter_errors(document)) == []


def test_a_state_that_cannot_be_read_is_not_asked(market) -> None:
    (market.path / ".infractl").mkdir()
    (market.path / ".infractl" / "state").write_text("no directory")

    estimated(market)
    shutil.rmtree(market.path / ".infractl")
