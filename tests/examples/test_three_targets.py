"""The example of three targets: what it decides without an account, a network or a measurement, and what it says of that."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "three-targets"


def infractl(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "INFRACTL_CACHE": str(project.parent / "cache")}
    command = [sys.executable, "-m", "infractl", *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=120, env=environment)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copied = tmp_path_factory.mktemp("example") / "three-targets"
    shutil.copytree(EXAMPLE, copied)
    return copied


@pytest.fixture(scope="module")
def service(project: Path) -> Any:
    done = infractl(project, "plan", "--json")
    assert done.returncode == 0, done.stderr
    (planned,) = json.loads(done.stdout)["plan"]["services"]
    return planned


def test_the_cheapest_that_keeps_the_promise_is_chosen(service: Any) -> None:
    placement = service["deployment"]["stable"]["placement"]
    sums = [
        sum(Decimal(line["usage"]) * Decimal(line["rate"]["price"]) for line in each["placement"]["cost"]["expected"])
        for each in service["decision"]["ranked"]
        if each["placement"]["cost"]["expected"]
    ]

    assert Decimal(service["cost"]["expected"]["amount"]) == min(sums)
    assert placement["prediction"]["latency_s"]["99"]["high"] <= 0.020
    assert placement["prediction"]["latency_s"]["99"]["basis"] == "estimated"


def test_what_is_bought_from_aws_has_the_discount(service: Any) -> None:
    of_aws = [e for e in service["decision"]["ranked"] if e["offer"]["target"] == "aws"]

    assert of_aws
    assert all(
        rate["source"].endswith("less 12% by targets.aws.discount in infractl.yaml") for rate in of_aws[0]["offer"]["tariff"]
    )


def test_it_says_that_nothing_can_be_applied_there(service: Any, project: Path) -> None:
    assert "cannot-apply" in [notice["code"] for notice in service["notices"]]
    assert infractl(project, "apply", "--auto-approve").returncode == 1


def test_every_target_offers_something(project: Path) -> None:
    offers = json.loads(infractl(project, "offers", "--format", "json").stdout)

    assert {offer["target"] for offer in offers} == {"aws", "gcp", "rack"}
