"""Budgets that services share: what a plan shows of them, and which plans they refuse. A machine costs 73 USD a month."""

from __future__ import annotations

import json
from typing import Any

import pytest


@pytest.fixture
def fleet(scene) -> Any:
    """Two services of one team, at machines that have a price."""
    declare(scene, "150 USD")
    for name in ("one", "two"):
        scene.write(name)
        label(scene, name)
    return scene


def declare(scene: Any, monthly: str) -> None:
    target = {"provider": "reference", "directory": str(scene.cloud.directory)}
    document = {
        "project": "testing",
        "targets": {"there": target},
        "budgets": [{"labels": {"team": "risk"}, "monthly": monthly}],
    }
    (scene.path / "infractl.yaml").write_text(json.dumps(document))


def label(scene: Any, name: str) -> None:
    path = scene.path / f"{name}.yaml"
    path.write_text(path.read_text().replace("metadata: {", "metadata: {labels: {team: risk}, "))


def test_a_plan_shows_what_a_budget_comes_to(fleet) -> None:
    assert "Budget team=risk: 146.00 USD of 150 USD a month (one, two)" in fleet.run("plan").stdout


def test_over_budget_neither_plan_nor_apply_goes_on(fleet) -> None:
    declare(fleet, "100 USD")

    stderr = fleet.run("plan", code=6).stderr
    assert "error[fleet-budget]" in stderr
    assert "needs 100 USD a month at most, has 146.00 USD a month (one, two)" in stderr
    fleet.run("apply", "--auto-approve", code=6)
    assert fleet.begun() == []


def test_a_cost_that_does_not_compare_keeps_no_budget(fleet) -> None:
    declare(fleet, "500 EUR")

    assert "one costs USD, and the budget is in EUR" in fleet.run("plan", code=6).stderr


def test_a_service_that_is_not_chosen_counts_as_it_was_applied(fleet) -> None:
    fleet.run("apply", "--auto-approve", "--service", "one")
    declare(fleet, "100 USD")

    stderr = fleet.run("plan", "--service", "two", code=6).stderr

    assert "has 146.00 USD a month (two, one as applied)" in stderr
    assert "one as applied" in fleet.run("plan", "two.yaml", code=6).stderr


def test_what_is_removed_over_budget_is_not_refused(fleet) -> None:
    fleet.apply()
    declare(fleet, "50 USD")
    (fleet.path / "two.yaml").unlink()

    assert "Budget team=risk: 73.00 USD of 50 USD a month, over-budget (one)" in fleet.run("plan").stdout


def test_a_plan_that_changes_nothing_is_not_refused(fleet) -> None:
    fleet.apply()
    declare(fleet, "50 USD")

    fleet.run("plan")


def test_a_saved_plan_keeps_what_its_budgets_come_to(fleet) -> None:
    fleet.run("plan", "--out", "plan.json")

    assert "Budget team=risk: 146.00 USD of 150 USD" in fleet.run("show", "plan.json").stdout
