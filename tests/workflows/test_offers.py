"""Targets whose provider only offers: what a plan and `infractl offers` say of them, and what infractl.yaml makes of prices."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from infractl.domain.address import ServiceKey
from infractl.domain.offer import Offer, Purchase
from infractl.hardware import catalogue
from infractl.testing.plugin import register
from infractl.workflows.offers import Wanted

OFFER = Offer(
    name="a machine",
    target="there",
    chip=catalogue.chip("L4"),
    count=1,
    region="nowhere",
    purchase=Purchase.on_demand,
    tariff=(),
    host_memory_bytes=2**34,
)
MARKET = "tests.testing.doubles.market:provider"


@pytest.fixture
def market(scene, tmp_path, monkeypatch) -> Any:
    """The scene's project at a market instead."""
    monkeypatch.syspath_prepend(str(register(tmp_path / "market", "market", MARKET)))
    declare(scene)
    scene.write()
    return scene


def declare(scene: Any, **settings: Any) -> None:
    document = {"project": "testing", "targets": {"shop": {"provider": "market", **settings}}}
    (scene.path / "infractl.yaml").write_text(json.dumps(document))


def chosen(scene: Any) -> Any:
    return scene.plan()["deployment"]["stable"]["placement"]


def test_a_plan_decides_prices_and_says_that_nobody_can_apply_it(market) -> None:
    plan = market.plan()

    assert plan["deployment"]["stable"]["placement"]["offer"]["name"] == "small"
    assert plan["cost"]["expected"] == {"amount": "146.00", "currency": "USD"}
    assert plan["changes"] == []
    assert [n["text"] for n in plan["notices"] if n["code"] == "cannot-apply"] == [
        "market cannot apply yet: what is planned at shop is for reading"
    ]


def test_what_is_decided_is_shown_though_nothing_changes(market) -> None:
    text = market.run("plan").stdout

    assert "scores: version 1 at shop" in text
    assert "cost       146.00 USD a month: small" in text
    assert text.splitlines()[-1] == "No changes. 1 service decided, and not to be applied yet."


def test_it_has_a_line_in_the_summary(market) -> None:
    assert "scores  1 at shop           146.00 USD" in market.run("plan", "--summary").stdout


def test_an_apply_there_is_refused_and_nothing_is_recorded(market) -> None:
    done = market.run("apply", "--auto-approve", code=1)

    assert "error[provider-only-offers]" in done.stderr
    assert market.store().read(ServiceKey(project="testing", environment="default", service="scores")) is None


def test_what_can_be_applied_beside_it_is(market) -> None:
    reference = {"provider": "reference", "directory": str(market.cloud.directory)}
    targets = {"shop": {"provider": "market"}, "there": reference}
    (market.path / "infractl.yaml").write_text(json.dumps({"project": "testing", "targets": targets}))
    market.write(extra="  targets: [shop]\n")
    market.write(name="others", extra="  targets: [there]\n")

    done = market.run("apply", "--auto-approve", code=5)

    assert "error[provider-only-offers]" in done.stderr and "testing/default/scores" in done.stderr
    assert market.lives("endpoint", "others") and not market.lives("endpoint")
    assert market.store().read(ServiceKey(project="testing", environment="default", service="scores")) is None


def test_so_is_an_apply_of_a_plan_that_was_saved(market) -> None:
    market.run("plan", "--out", "plan.json")

    assert "error[provider-only-offers]" in market.run("apply", "plan.json", "--auto-approve", code=1).stderr


def test_a_pool_of_machines_costs_what_is_declared_of_it(market) -> None:
    declare(market, machines={"rack": {"cpus": 4, "memory": "16GiB", "price": {"perHour": "0.05 USD"}}})

    placement = chosen(market)

    assert placement["offer"]["name"] == "rack"
    (line,) = placement["cost"]["expected"]
    assert (line["usage"], line["rate"]["price"]) == ("730", "0.05")
    assert line["rate"]["source"] == "targets.shop.machines.rack.price in infractl.yaml"


def test_a_pools_own_price_goes_before_that_of_the_target(market) -> None:
    dear, cheap = {"perHour": "0.09 USD"}, {"perHour": "0.03 USD"}
    size = {"cpus": 4, "memory": "16GiB"}
    declare(market, price=dear, machines={"priced": {**size, "price": cheap}, "plain": size})

    offers = {o["name"]: o["tariff"][0]["price"] for o in listed(market, "--purchase", "owned")}

    assert offers == {"priced": "0.03", "plain": "0.09"}


def test_machines_are_refused_where_the_provider_would_not_look_at_them(scene) -> None:
    scene.write()
    target = f"{{provider: reference, directory: {scene.cloud.directory}, machines: {{rack: {{cpus: 4}}}}}}"
    (scene.path / "infractl.yaml").write_text(f"project: testing\ntargets: {{there: {target}}}\n")

    stderr = scene.run("plan", code=1).stderr

    assert "error[machines-not-taken]" in stderr
    assert "infractl.yaml:2:" in stderr


def test_a_discount_is_taken_off_the_list_price_and_shows_in_the_cost(market) -> None:
    declare(market, discount="12%")

    plan = market.plan()

    assert plan["cost"]["expected"] == {"amount": "128.4800", "currency": "USD"}
    (line,) = plan["deployment"]["stable"]["placement"]["cost"]["expected"]
    assert line["name"] == "small, less 12%"
    assert line["rate"]["source"] == "the market's list; less 12% by targets.shop.discount in infractl.yaml"


def test_a_spot_price_has_no_discount(market) -> None:
    declare(market, discount="12%")

    (offer,) = listed(market, "--purchase", "spot")

    assert offer["tariff"][0]["price"] == "0.40"


def test_a_target_offers_nothing_of_other_classes_than_it_names(market) -> None:
    declare(market, classes=["gpu"])

    assert listed(market) == []


def listed(scene: Any, *words: str) -> list[Any]:
    found: list[Any] = json.loads(scene.run("offers", "--format", "json", *words).stdout)
    return found


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), ["small", "small", "rack"]),
        (("--purchase", "on-demand"), ["small"]),
        (("--region", "elsewhere"), []),
        (("--class", "cpu", "--target", "shop"), ["small", "small", "rack"]),
        (("--chip", "L4"), []),
    ],
)
def test_offers_are_chosen_by_what_is_asked_for_and_the_cheapest_comes_first(market, words, names) -> None:
    declare(market, machines={"rack": {"cpus": 4, "memory": "16GiB"}})

    assert [offer["name"] for offer in listed(market, *words)] == names


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("A100", ["A100-SXM-40GB", "A100-SXM-80GB"]),
        ("l4", ["L4"]),
        ("nvidia-ada", ["L4", "L40S"]),
        ("x86-avx512", ["x86-avx512 x2 at 3.4 GHz"]),
    ],
)
def test_a_chip_is_named_in_whole_in_part_or_by_its_family(asked: str, found: list[str]) -> None:
    accelerators = [catalogue.chip(name) for name in ("A100-SXM-40GB", "A100-SXM-80GB", "L4", "L40S")]
    processors = [catalogue.processor(family, vcpus=2, ghz=3.4) for family in ("x86-avx512", "x86-avx512-vnni")]
    offers = [replace(OFFER, chip=chip) for chip in (*accelerators, *processors)]

    assert [offer.chip.name for offer in offers if Wanted(chips=[asked]).fits(offer)] == found


def test_each_price_is_shown_with_its_source_and_an_unknown_one_as_that(market) -> None:
    declare(market, machines={"rack": {"cpus": 4, "memory": "16GiB", "count": 2}})

    lines = market.run("offers").stdout.splitlines()

    assert [line.split("nowhere")[1].split() for line in lines[1:4]] == [
        ["on-demand", "0.20", "USD/hour", "[1]"],
        ["spot", "0.40", "USD/hour", "[1]"],
        ["owned", "unknown", "[2]"],
    ]
    assert ", 2 of them" in lines[3]
    assert lines[-3:] == [
        "3 offers. Prices are from:",
        "  [1] the market's list, 2026-11-01",
        "  [2] unknown: none is declared",
    ]


def test_a_target_that_is_not_declared_is_told_with_those_that_are(market) -> None:
    assert "did you mean shop?" in market.run("offers", "--target", "shops", code=1).stderr


def test_offers_are_listed_though_a_service_is_broken(market) -> None:
    (market.path / "broken.yaml").write_text("apiVersion: infractl.dev/v1\nkind: InferenceService\n")

    assert [offer["name"] for offer in listed(market)] == ["small", "small"]


def test_a_plan_says_in_one_line_why_it_is_this_offer_and_what_comes_next(market) -> None:
    declare(market, machines={"rack": {"cpus": 4, "memory": "16GiB", "price": {"perHour": "0.30 USD"}}})

    lines = [line.split(None, 1) for line in market.run("plan").stdout.splitlines()]

    assert [words[1] for words in lines if words and words[0] == "why"] == [
        "the cheapest of 2 of 3 placements that keep what is asked; next: rack, 219.00 USD a month, 1.5x"
    ]


@pytest.mark.parametrize("words", [("offers",), ("prices", "refresh", "--target", "shop")])
def test_prices_that_cannot_be_meant_so_are_told_before_any_is_shown(market, words) -> None:
    price = {"perHour": "1 USD", "capex": "5 EUR"}
    declare(market, machines={"rack": {"cpus": 4, "memory": "16GiB", "price": price}})

    done = market.run(*words, code=1)

    assert done.stdout == ""
    assert "error[machine-price]" in done.stderr and "error[price-currency]" in done.stderr


def test_a_service_that_is_offered_nothing_is_told_where_to_look(market) -> None:
    declare(market, classes=["tpu"])

    assert "What was refused" not in market.run("explain", "scores").stdout
    for command in ("plan", "estimate"):
        assert "infractl offers shows what targets offer" in market.run(command, code=1).stderr


def test_what_was_explained_is_told_though_its_picture_cannot_be_written(market) -> None:
    done = market.run("explain", "scores", "--svg", "none/cost.svg", code=1)

    assert "chosen     small at shop" in done.stdout and "error[system]" in done.stderr
