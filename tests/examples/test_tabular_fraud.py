"""Trees against a network: there is something to find, what is served was trained so, and the table says what was measured."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from infractl.profile.onnx import profile_onnx
from infractl.spec.load import load_project

FOLDER = Path(__file__).parents[2] / "examples" / "tabular-fraud"
README = FOLDER / "README.md"
SERVICES = ("trees", "mlp")


@pytest.fixture(scope="module")
def fraud(example) -> SimpleNamespace:
    return example("tabular-fraud", "transactions", "train", "table")


@pytest.fixture(scope="module")
def project(fraud: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `train.py` writes, of few payments."""
    folder = tmp_path_factory.mktemp("fraud")
    fraud.train.train(folder, rows=4000)
    return folder


def test_the_same_seed_makes_the_same_payments_and_few_of_them_are_frauds(fraud: SimpleNamespace) -> None:
    first, second = (fraud.transactions.make_transactions(20_000, seed=7) for _ in range(2))

    np.testing.assert_array_equal(first.features, second.features)
    np.testing.assert_array_equal(first.fraud, second.fraud)
    assert 0.01 < first.fraud.mean() < 0.04
    assert abs(first.fraud.mean() - first.chance.mean()) < 0.005


def test_fraud_is_no_straight_line_and_not_mere_chance(fraud: SimpleNamespace) -> None:
    payments = fraud.transactions.make_transactions(30_000, seed=1)
    known, unseen = payments.part(slice(0, 20_000)), payments.part(slice(20_000, None))

    straight, bent = (
        average_precision_score(unseen.fraud, model.fit(known.features, known.fraud).predict_proba(unseen.features)[:, 1])
        for model in (make_pipeline(StandardScaler(), LogisticRegression()), HistGradientBoostingClassifier(random_state=1))
    )

    assert straight < 0.5 * bent < bent < average_precision_score(unseen.fraud, unseen.chance)


@pytest.mark.parametrize("name", SERVICES)
def test_a_model_takes_payments_as_they_are_and_its_every_operator_has_a_known_cost(project: Path, name: str) -> None:
    file = project / f"{name}.onnx"
    with np.load(project / "held_out.npz") as held_out:
        (probabilities,) = ort.InferenceSession(file).run(None, dict(held_out))

    assert probabilities.shape == (1000, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert np.ptp(probabilities[:, 1]) > 0.1
    profile = profile_onnx(file, project)
    assert [spec.name for spec in profile.signature.inputs] == ["features"]
    assert not profile.run.uncosted


def test_the_services_are_the_same_but_for_the_model(project: Path) -> None:
    trees, mlp = sorted((loaded.service for loaded in load_project([project]).services), key=lambda s: s.name, reverse=True)

    assert (trees.name, mlp.name) == SERVICES
    assert (trees.spec.slo, trees.spec.traffic) == (mlp.spec.slo, mlp.spec.traffic)
    assert trees.spec.slo.latency.p99 == 0.01


def scores(better: float = 0.05, low: float = 0.01) -> dict[str, Any]:
    """Trees are so much better, and surely by `low`."""
    precision = {"trees": 0.5 + better, "mlp": 0.5}
    return {
        "held_out": 4000,
        "alarmed": 0.02,
        "best_possible": 0.7,
        "better_by": {"low": low, "high": 2 * better - low},
        "models": {
            name: {
                "average_precision": {"value": value, "low": value - 0.1, "high": value + 0.1},
                "area_under_roc": 0.9,
                "caught": 0.25,
            }
            for name, value in precision.items()
        },
    }


def figure(value: float) -> dict[str, float]:
    return {"value": value, "low": value / 2, "high": value * 2}


def rival(fraud: SimpleNamespace, name: str, **changed: Any) -> Any:
    """A contender of which everything is 1ms and 1000/s, but for what is `changed`: `p99` in s, `cost` in USD, `bounds`."""
    p99, cost = changed.get("p99", 0.001), changed.get("cost", "0.000002")
    prediction = {"latency_s": {"99": figure(0.001)}, "capacity_per_s": figure(1000)}
    bench = {
        "figures": {
            "alone_p50": figure(0.001),
            "p50": figure(0.001),
            **({} if p99 is None else {"p99": figure(p99)}),
            "saturation": figure(1000),
            "capacity": figure(1000),
        },
        "bounds": changed.get("bounds", []),
        "disturbances": changed.get("disturbances", []),
    }
    return fraud.table.Contender(
        name=name,
        scores=scores()["models"][name],
        planned={
            "slo": {"p99": "10ms"},
            "traffic": {"peak": "500/s", "average": "50/s"},
            "deployment": {"stable": {"artifact": {"size_bytes": 2048}, "placement": {"prediction": prediction}}},
        },
        status={
            "bench": changed.get("bench", bench),
            "cost": {
                "summary": {"per_thousand": {"amount": "0.0002777", "currency": "USD"}},
                "per_thousand_measured": cost and {"amount": cost, "currency": "USD"},
            },
        },
    )


def won(fraud: SimpleNamespace, of: dict[str, Any], trees: Any, mlp: Any) -> str:
    last: str = fraud.table.verdict(of, [trees, mlp]).splitlines()[-1]
    return last


def test_where_both_keep_the_promise_the_more_accurate_wins_though_it_costs_more(fraud: SimpleNamespace) -> None:
    trees, mlp = rival(fraud, "trees", cost="0.000009"), rival(fraud, "mlp")

    assert won(fraud, scores(), trees, mlp) == "Won: trees."


def test_an_accuracy_that_may_be_chance_does_not_win_over_the_price(fraud: SimpleNamespace) -> None:
    trees, mlp = rival(fraud, "trees", cost="0.000009"), rival(fraud, "mlp")

    assert won(fraud, scores(low=-0.01), trees, mlp) == "Won: mlp."


def test_an_unknown_price_is_not_the_lowest(fraud: SimpleNamespace) -> None:
    trees, mlp = rival(fraud, "trees", cost=None), rival(fraud, "mlp")

    assert won(fraud, scores(low=-0.01), trees, mlp) == "Won: mlp."


@pytest.mark.parametrize("p99", [0.006, None], ids=["perhaps longer than promised", "not measured"])
def test_who_does_not_surely_keep_the_promise_does_not_win(fraud: SimpleNamespace, p99: float | None) -> None:
    trees, mlp = rival(fraud, "trees", p99=p99), rival(fraud, "mlp")

    assert won(fraud, scores(), trees, mlp) == "Won: mlp."
    assert won(fraud, scores(), trees, rival(fraud, "mlp", p99=0.006)) == "Neither won."


def test_the_table_shows_what_is_no_more_than_a_bound_what_is_missing_and_what_disturbed(fraud: SimpleNamespace) -> None:
    trees = rival(fraud, "trees", bounds=["p99", "capacity"], disturbances=["another bench ran"])
    mlp = rival(fraud, "mlp", bench=None, cost=None)

    lines = fraud.table.table(scores(), [trees, mlp]).splitlines()

    assert "| measured p99 at 500/s | at most 1ms (500us to 2ms) | – |" in lines
    assert "| measured capacity at p99 ≤ 10ms | at least 1000/s (500/s to 2000/s) | – |" in lines
    assert "| 1,000 at the measured capacity | 0.000002 USD | – |" in lines
    assert lines[-1] == "trees: another bench ran."


def test_the_readme_shows_a_table_that_the_example_prints(fraud: SimpleNamespace) -> None:
    printed = fraud.table.table(scores(), [rival(fraud, "trees"), rival(fraud, "mlp")])
    held_out = re.compile("[0-9,]+ held out")

    def labels(table: str) -> list[str]:
        return [held_out.sub("held out", row) for row in re.findall(r"^\| ([^|]*) \|", table, re.MULTILINE)]

    assert set(labels(printed)) <= set(labels(README.read_text()))


@pytest.mark.slow
def test_a_training_of_today_reaches_what_the_readme_says(fraud: SimpleNamespace, tmp_path: Path) -> None:
    (row,) = re.findall(r"^\| average precision.*$", README.read_text(), re.MULTILINE)
    said = [float(cell.split()[0]) for cell in row.split("|")[2:4]]

    trained = fraud.train.train(tmp_path)["models"]

    assert [trained[name]["average_precision"]["value"] for name in SERVICES] == pytest.approx(said, abs=0.01)


@pytest.mark.slow
def test_the_example_runs_to_a_verdict_and_leaves_nothing_running(cache: Path) -> None:
    command = [sys.executable, str(FOLDER / "compare.py"), "--quick"]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "INFRACTL_CACHE": str(cache)}, timeout=280, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^(Won: (trees|mlp)|Neither won)\.$", done.stdout, re.MULTILINE)
    assert done.stdout.rstrip().endswith("trees is destroyed")
    assert json.loads((FOLDER.parents[1] / "build" / "tabular-fraud" / "scores.json").read_text())["held_out"] == 4000
