"""A language model at a target that only plans: it is placed and priced; elsewhere it waits until it can be served."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from infractl.testing.plugin import register

CONFIG = Path(__file__).parents[1] / "cases" / "profile" / "language" / "qwen3-0.6b" / "config.json"
MARKET = "tests.testing.doubles.accelerator_market:provider"


@pytest.fixture
def chat(scene, tmp_path, monkeypatch) -> Any:
    """A project with a language model, at a market of accelerators."""
    monkeypatch.syspath_prepend(str(register(tmp_path / "market", "accelerators", MARKET)))
    (scene.path / "infractl.yaml").write_text(
        json.dumps({"project": "testing", "targets": {"shop": {"provider": "accelerators"}}})
    )
    shutil.copytree(CONFIG.parent, scene.path / "chat", ignore=shutil.ignore_patterns("*.toml", "*.txt"))
    declare(scene)
    return scene


def declare(scene: Any, **spec: Any) -> None:
    whole = {
        "model": {"uri": "chat", "version": "1", "format": "huggingface"},
        "slo": {"ttft": {"p95": "2s"}, "tpot": {"p95": "100ms"}},
        "traffic": {"peak": "2/s", "shapes": {"prompt": 300, "output": 100}},
        **spec,
    }
    document = {"apiVersion": "infractl.dev/v1", "kind": "InferenceService", "metadata": {"name": "scores"}, "spec": whole}
    (scene.path / "scores.yaml").write_text(json.dumps(document))


def test_it_is_placed_and_priced_with_the_times_of_its_tokens(chat) -> None:
    text = chat.run("plan").stdout

    assert "placement  one: L4, bf16, 1 replica" in text
    assert "ttft p95" in text and "asked 2s" in text
    assert "tpot p95" in text and "asked 100ms" in text
    assert "cost       365.00 USD a month: one" in text


def test_what_the_text_shows_is_in_the_document(chat) -> None:
    prediction = chat.plan()["deployment"]["stable"]["placement"]["prediction"]

    assert set(prediction["ttft_s"]) == set(prediction["tpot_s"]) == {"50", "95", "99"}


def test_a_limit_that_no_server_keeps_is_refused_with_both_numbers(chat) -> None:
    declare(chat, slo={"tpot": {"p95": "10us"}})

    told = chat.run("plan", code=1).stderr

    assert "service-time-over-slo: needs 10us, has" in told
    assert "scores.yaml:1:" in told


def test_requests_whose_tokens_nobody_counts_are_asked_for(chat) -> None:
    declare(chat, traffic={"peak": "2/s"})

    assert "spec.traffic.shapes: {prompt: NUMBER, output: NUMBER}" in chat.run("plan", code=1).stderr
