"""Two environments of one project side by side, with the real command line and servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

FEATURES = [[0.1, -0.2, 0.3, 0.4]]
REQUEST = {"inputs": [{"name": "features", "shape": [1, 4], "datatype": "FP32", "data": FEATURES}]}

STAGING = """\
apiVersion: infractl.dev/v1
kind: Environment
metadata: {name: staging}
values: {model: two, release: "2"}
overlay:
  spec: {traffic: {peak: 5/s}}
"""


def direct(model: Path) -> Any:
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return session.run(None, {"features": np.array(FEATURES, np.float32)})[0]


def answer(folder: Any, *words: str) -> Any:
    text = folder.run("invoke", "scores", "--data", "-", *words, stdin=json.dumps(REQUEST)).stdout
    (output,) = json.loads(text)["outputs"]
    return np.array(output["data"], np.float32).reshape(output["shape"])


@pytest.fixture
def shop(folder: Any) -> Any:
    """A project whose environment staging serves another model."""
    (folder.path / "infractl.yaml").write_text('project: testing\nvalues: {model: one, release: "1"}\n')
    folder.write(uri='"${model}.onnx"', version="${release}")
    (folder.path / "environments").mkdir()
    (folder.path / "environments" / "staging.yaml").write_text(STAGING)
    return folder


def test_two_environments_of_a_service_live_side_by_side(shop: Any) -> None:
    assert shop.run("validate").stdout == "Valid: 1 service (scores) in 2 environments (default, staging).\n"
    shop.run("apply", "--auto-approve")
    shop.run("apply", "--auto-approve", "--env", "staging")

    one, two = (direct(shop.path / f"{name}.onnx") for name in ("one", "two"))
    np.testing.assert_allclose(answer(shop), one, rtol=1e-5)
    np.testing.assert_allclose(answer(shop, "--env", "staging"), two, rtol=1e-5)
    assert len(shop.servers()) == 2
    assert shop.run("status", "--env", "staging").stdout.startswith("scores in staging: healthy")
    for words in ((), ("--env", "staging")):
        assert "No changes." in shop.run("plan", "--detailed-exitcode", *words).stdout
        assert len(shop.run("state", "list", *words).stdout.splitlines()) == 3
        (status,) = json.loads(shop.run("status", "--json", *words).stdout)
        assert (status["key"]["environment"], status["health"]["status"]) == ((*words, "default")[1 if words else 0], "healthy")

    shop.run("destroy", "--auto-approve", "--env", "staging")

    np.testing.assert_allclose(answer(shop), one, rtol=1e-5)
    assert "service-not-applied" in shop.run("invoke", "scores", "--data", "-", "--env", "staging", stdin="{}", code=1).stderr
    assert len(shop.servers()) == 1


def test_a_plan_says_what_the_environment_gave_and_where(shop: Any) -> None:
    text = shop.run("plan", "--env", "staging", "--out", "plan.json").stdout

    assert text.startswith("Environment: staging\n")
    for line in (
        "environments/staging.yaml:4  spec.model.uri = two.onnx (was ${model}.onnx)",
        "environments/staging.yaml:4  spec.model.version = 2 (was ${release})",
        "environments/staging.yaml:6  spec.traffic.peak = 5/s (was 20/s)",
    ):
        assert f"    {line}\n" in text
    assert shop.run("show", "plan.json").stdout == text
    (service,) = json.loads((shop.path / "plan.json").read_text())["plan"]["services"]
    peak = {"path": "spec.traffic.peak", "value": "5/s", "before": "20/s", "at": "environments/staging.yaml:6"}
    assert peak in service["given"]


def test_a_saved_plan_is_carried_out_in_its_own_environment(shop: Any) -> None:
    shop.run("plan", "--env", "staging", "--out", "plan.json")

    for other in ("default", "production", ""):
        assert "plan-environment" in shop.run("apply", "plan.json", "--env", other, code=1).stderr
    shop.run("apply", "plan.json", "--env", "staging")

    np.testing.assert_allclose(answer(shop, "--env", "staging"), direct(shop.path / "two.onnx"), rtol=1e-5)
    assert shop.run("state", "list").stdout == ""
    assert "No changes." in shop.run("plan", "--env", "staging", "--detailed-exitcode").stdout


def test_every_command_tells_an_environment_that_there_is_not(shop: Any) -> None:
    commands: tuple[tuple[str, ...], ...] = (
        ("validate",),
        ("plan",),
        ("apply",),
        ("status",),
        ("drift",),
        ("destroy",),
        ("invoke", "scores", "--data", "-"),
        ("state", "list"),
        ("state", "show", "scores"),
        ("state", "history", "scores"),
        ("state", "restore", "scores", "--to", "1"),
        ("state", "rm", "scores"),
        ("state", "unlock", "an-id"),
    )
    for words in commands:
        refused = shop.run(*words, "--env", "stagign", code=1, stdin="{}").stderr
        assert "unknown-environment" in refused and "did you mean staging?" in refused, words


def test_who_forgets_the_environment_is_told_where_the_service_runs(shop: Any) -> None:
    assert "Apply complete in staging:" in shop.run("apply", "--auto-approve", "--env", "staging").stdout

    refused = shop.run("invoke", "scores", "--data", "-", stdin="{}", code=1).stderr
    assert "it runs in staging" in refused and "add --env staging" in refused and "infractl apply" not in refused
    for words in (("status",), ("status", "--json"), ("status", "scores.yaml"), ("state", "list"), ("destroy",)):
        told = shop.run(*words).stderr
        assert "Nothing of this is recorded in the environment default. It is in staging: add --env NAME" in told, words
    for words in (("status", "--env", "staging"), ("state", "list", "--env", "staging")):
        assert "Nothing of this" not in shop.run(*words).stderr, words
    assert "Destroy complete in staging:" in shop.run("destroy", "--auto-approve", "--env", "staging").stdout
    assert "Nothing of this" not in shop.run("status").stderr


def test_a_service_that_runs_nowhere_is_to_be_applied_in_the_environment_that_was_named(shop: Any) -> None:
    refused = shop.run("invoke", "scores", "--data", "-", "--env", "staging", stdin="{}", code=1).stderr

    assert "infractl apply --env staging" in refused


def test_without_a_default_environment_no_command_makes_a_copy_by_accident(shop: Any) -> None:
    (shop.path / "infractl.yaml").write_text("project: testing\ndefaultEnvironment: false\n")
    commands: tuple[tuple[str, ...], ...] = (
        ("plan",),
        ("apply", "--auto-approve"),
        ("status",),
        ("destroy", "--auto-approve"),
        ("invoke", "scores", "--data", "-"),
        ("state", "list"),
        ("state", "show", "scores"),
        ("state", "history", "scores"),
        ("state", "restore", "scores", "--to", "1"),
        ("state", "rm", "scores"),
        ("state", "unlock", "an-id"),
    )
    for words in commands:
        refused = shop.run(*words, code=1, stdin="{}").stderr
        assert "environment-needed" in refused and "add --env NAME, with one of: staging" in refused, words
    assert shop.run("validate").stdout == "Valid: 1 service (scores) in 1 environment (staging).\n"
    shop.run("plan", "--env", "staging", "--out", "plan.json")
    shop.run("apply", "plan.json")

    assert shop.run("state", "list", "--env", "staging").stdout
    assert "unknown-environment" in shop.run("state", "list", "--env", "default", code=1).stderr


def test_a_copy_that_was_made_by_accident_is_told_of_and_can_be_removed(shop: Any) -> None:
    shop.run("apply", "--auto-approve")
    (shop.path / "infractl.yaml").write_text("project: testing\ndefaultEnvironment: false\n")

    assert "infractl destroy --env default" in shop.run("plan", "--env", "staging").stderr
    shop.run("destroy", "--auto-approve", "--env", "default")

    assert (shop.servers(), shop.run_files()) == ([], [])


def test_what_runs_in_an_environment_can_be_removed_when_its_file_is_gone(shop: Any) -> None:
    shop.run("apply", "--auto-approve", "--env", "staging")
    (shop.path / "environments" / "staging.yaml").unlink()

    assert "infractl destroy --env staging" in shop.run("plan").stderr
    for words in (("apply", "--auto-approve"), ("plan",), ("drift",), ("status", "scores.yaml")):
        refused = shop.run(*words, "--env", "staging", code=1).stderr
        assert "environment-removed" in refused and "of staging remain: scores" in refused
        assert "infractl destroy --env staging" in refused
    np.testing.assert_allclose(answer(shop, "--env", "staging"), direct(shop.path / "two.onnx"), rtol=1e-5)
    assert len(shop.run("state", "list", "--env", "staging").stdout.splitlines()) == 3
    assert "did you mean staging?" in shop.run("destroy", "--auto-approve", "--env", "stagin", code=1).stderr
    shop.run("destroy", "--auto-approve", "--env", "staging")

    assert (shop.servers(), shop.run_files()) == ([], [])
    assert "unknown-environment" in shop.run("state", "list", "--env", "staging", code=1).stderr
