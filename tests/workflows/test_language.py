"""A language model at a target that only plans: it is placed and priced; elsewhere it waits until it can be served."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from infractl.report.explanation_document import explanation_schema
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


def explained(chat: Any, *words: str) -> Any:
    document = json.loads(chat.run("explain", "scores", "--format", "json", *words).stdout)
    assert list(Draft202012Validator(explanation_schema()).iter_errors(document)) == []
    return document["explanation"]


def test_it_is_explained_as_it_is_planned_with_what_its_limits_save(chat) -> None:
    planned = chat.plan()["deployment"]["stable"]["placement"]

    found, text = explained(chat), chat.run("explain", "scores").stdout

    assert found["chosen"] == planned
    assert "ttft p95" in text and "asked 2s" in text and "asked 100ms" in text
    assert "ttft p95   relaxing it up to 4 times saves nothing to speak of" in text


def test_the_sum_of_one_offer_goes_from_prompt_and_token_to_memory_and_cost(chat) -> None:
    text = chat.run("explain", "scores", "--offer", "one").stdout

    order = ["reading the prompt", "making tokens", "queue", "capacity", "replicas", "memory", "cost a month", "sources"]
    assert [line for line in text.splitlines() if line in order] == order
    assert "asked: 100ms" in text


def test_a_step_of_one_sequence_reads_every_weight_at_the_speed_of_the_memory(chat) -> None:
    lines = {(line["stage"], line["name"]): line["figure"] for line in explained(chat, "--offer", "one")["working"]["lines"]}

    read = lines["making tokens", "weights read in a step"]["value"] + lines["making tokens", "cache read a sequence"]["value"]
    realised = lines["making tokens", "what a chip realises"]["value"]
    step = lines["making tokens", "a step of 1 sequence"]["value"]
    assert read / realised < step < 2 * read / realised
    # 0.6 billion parameters of two bytes.
    assert lines["memory", "weights"]["value"] == pytest.approx(1.2e9, rel=0.3)


def test_an_offer_that_cannot_run_it_has_no_sum_and_says_why(chat) -> None:
    declare(chat, traffic={"peak": "2/s"})

    assert "nothing is computed of it" in chat.run("explain", "scores", "--offer", "one").stdout


def test_it_is_drawn_with_what_its_p99_is_of(chat) -> None:
    chat.run("explain", "scores", "--svg", "cost.svg")

    assert "monthly cost against p99 of whole answers" in (chat.path / "cost.svg").read_text()


def test_what_would_hold_is_found_for_the_times_of_its_tokens(chat) -> None:
    declare(chat, slo={"tpot": {"p95": "1ms"}})

    (near,) = [near for near in explained(chat)["nearest"] if near["relaxed"][0]["field"] == "slo.tpot.p95"]
    declare(chat, slo={"tpot": {"p95": f"{1e3 * near['relaxed'][0]['to']['value']:.4g}ms"}})

    assert explained(chat)["chosen"] is not None


def test_it_is_estimated_with_what_is_tried_out(chat) -> None:
    done = chat.run("estimate", "--format", "json", "--what-if", "traffic.peak=40/s")
    (service,) = json.loads(done.stdout)["estimate"]["services"]

    assert service["outcome"]["placement"]["prediction"]["ttft_s"]
    assert service["outcome"]["traffic"] == {"peak": "40/s"}
    assert "scores: p99 is of whole answers; of their tokens" in chat.run("estimate").stdout


def test_a_size_that_no_language_model_has_and_another_config_are_told(chat) -> None:
    declare(chat, traffic={"peak": "2/s", "shapes": {"prompt": 300, "outputs": 100}})
    assert "outputs, where its dynamic dimensions are prompt, output" in chat.run("plan", code=1).stderr

    declare(chat, model={"uri": "chat", "version": "1", "sha256": "0" * 64})
    assert "error[model-digest]" in chat.run("plan", code=1).stderr


def test_where_every_target_applies_the_targets_that_plan_it_are_named(chat) -> None:
    targets = {"here": {"provider": "local"}, "shop": {"provider": "accelerators"}}
    (chat.path / "infractl.yaml").write_text(json.dumps({"project": "testing", "targets": targets}))
    declare(chat, targets=["here"], model={"uri": "chat", "version": "1"})

    told = chat.run("plan", code=1).stderr

    assert told.count("error[") == 1 and "error[not-served-yet]" in told
    assert "a language model, which no target of the service can serve yet: here" in told
    assert "spec.targets: [shop]" in told
