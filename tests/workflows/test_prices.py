"""The list prices that a project is planned with: what locks them, what a newer one changes, and what is bound to them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infractl.testing.plugin import register

MARKET = "tests.testing.doubles.market:provider"


@pytest.fixture
def market(scene, tmp_path, monkeypatch) -> Any:
    monkeypatch.syspath_prepend(str(register(tmp_path / "market", "market", MARKET)))
    declare(scene)
    scene.write()
    return scene


def declare(scene: Any, **settings: Any) -> None:
    document = {"project": "testing", "targets": {"shop": {"provider": "market", **settings}}}
    (scene.path / "infractl.yaml").write_text(json.dumps(document))


def price_list(scene: Any, **prices: str) -> str:
    (scene.path / "list.json").write_text(json.dumps(prices))
    return "list.json"


def monthly(scene: Any) -> str:
    amount: str = scene.plan()["cost"]["expected"]["amount"]
    return amount


def told(scene: Any) -> list[str]:
    return [n["text"] for n in scene.plan()["notices"] if n["code"] == "price-moved"]


def test_a_plan_that_is_only_looked_at_locks_nothing(market) -> None:
    market.run("plan")

    assert not (market.path / "prices.lock.yaml").exists()


def test_a_saved_plan_locks_the_prices_of_what_it_places_and_of_nothing_else(market) -> None:
    market.run("plan", "--out", "plan.json")

    lines = [line for line in (market.path / "prices.lock.yaml").read_text().splitlines() if line.startswith("- ")]
    (locked,) = map(json.loads, (line.removeprefix("- ") for line in lines))
    assert (locked["target"], locked["offer"], locked["purchase"], locked["price"]) == ("shop", "small", "on-demand", "0.20")
    assert (locked["source"], locked["date"]) == ("the market's list", "2026-11-01")


def test_an_apply_locks_them_too(scene) -> None:
    scene.write()

    scene.apply()

    assert '"price": "0.10"' in (scene.path / "prices.lock.yaml").read_text()


def test_a_price_that_moved_in_the_catalogue_changes_nothing_and_is_told(market) -> None:
    market.run("plan", "--out", "plan.json")

    declare(market, hourly="0.30")

    assert monthly(market) == "146.00"
    assert told(market) == [
        "small: 0.20 USD by the hour, of 2026-11-01 is locked, and market has 0.30 USD by the hour, of 2026-11-01 now: "
        "infractl prices refresh --target shop takes it over"
    ]


def test_a_refresh_takes_the_catalogues_price_over_and_shows_what_it_changes(market) -> None:
    market.run("plan", "--out", "plan.json")
    declare(market, hourly="0.30")

    lines = market.run("prices", "refresh", "--target", "shop").stdout.splitlines()

    assert lines[1].split("  ")[1:] != []
    assert "0.20 USD of 2026-11-01" in lines[1] and "0.30 USD of 2026-11-01" in lines[1] and "+50.0%" in lines[1]
    assert lines[-1] == "1 price of shop changed, 0 the same. They are in prices.lock.yaml now."
    assert monthly(market) == "219.00"
    assert told(market) == []


def test_a_price_list_in_a_file_is_read_by_the_provider_and_locked(market) -> None:
    market.run("prices", "refresh", price_list(market, small="0.15"), "--target", "shop")

    assert monthly(market) == "109.50"


def test_a_refresh_forgets_the_prices_of_targets_that_are_declared_no_more(market) -> None:
    market.run("plan", "--out", "plan.json")
    lock = market.path / "prices.lock.yaml"
    lock.write_text(lock.read_text() + lock.read_text().splitlines()[-1].replace('"shop"', '"gone"') + "\n")

    market.run("prices", "refresh", "--target", "shop")

    assert '"gone"' not in lock.read_text() and '"shop"' in lock.read_text()


def test_what_the_list_does_not_have_is_named_and_keeps_its_price(market) -> None:
    stdout = market.run("prices", "refresh", price_list(market, small="0.20"), "--target", "shop").stdout

    assert "0 prices of shop changed, 1 the same." in stdout
    # The spot offer has the same name, and no line.
    assert "Not in the list: small." in stdout


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (("nowhere.json", "--target", "shop"), "prices-missing"),
        (("list.json", "--target", "shops"), "unknown-target"),
        (("list.json", "--target", "shop"), "prices-none"),
    ],
)
def test_a_list_that_cannot_be_taken_over_is_refused(words: tuple[str, ...], slug: str, market) -> None:
    price_list(market, large="1.00")

    assert f"error[{slug}]" in market.run("prices", "refresh", *words, code=1).stderr


def test_a_provider_that_reads_no_lists_says_so(scene) -> None:
    price_list(scene)

    assert "error[prices-not-read]" in scene.run("prices", "refresh", "list.json", "--target", "there", code=1).stderr


def test_a_saved_plan_is_stale_where_another_price_holds_now(scene) -> None:
    scene.write()
    scene.run("plan", "--out", "plan.json")
    lock = scene.path / "prices.lock.yaml"
    lock.write_text(lock.read_text().replace('"price": "0.10"', '"price": "0.11"'))

    stderr = scene.run("apply", "plan.json", code=4).stderr

    assert "error[plan-price]" in stderr
    assert "reference was 0.10 USD by the hour, of 2026-01-01 and is 0.11 USD by the hour, of 2026-01-01" in stderr


def test_under_a_budget_an_unknown_price_is_refused_with_the_list_that_would_tell_it(market) -> None:
    declare(market, hourly=None)
    market.write(extra="  budget: {monthly: 400 USD}\n")

    stderr = market.run("plan", code=6).stderr

    assert "price-unknown" in stderr
    assert "infractl prices refresh FILE --target shop" in stderr


def test_what_runs_costs_the_price_that_holds_now(scene) -> None:
    scene.write()
    scene.apply()
    lock = scene.path / "prices.lock.yaml"
    lock.write_text(lock.read_text().replace('"price": "0.10"', '"price": "0.20"'))

    (status,) = json.loads(scene.run("status", "--json").stdout)

    assert status["cost"]["summary"]["expected"] == {"amount": "146.00", "currency": "USD"}


def test_a_broken_lock_stops_a_plan(market) -> None:
    (market.path / "prices.lock.yaml").write_text("rates: [")

    assert "error[price-lock-unusable]" in market.run("plan", code=1).stderr


def test_the_lock_is_no_document(market) -> None:
    market.run("plan", "--out", "plan.json")

    assert market.run("validate").stderr == ""
