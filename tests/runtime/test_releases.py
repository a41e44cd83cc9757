"""Releases over the control socket: load, activate, switch under load, drain, fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from infractl.protocol.settings import dumps

# What tests/runtime/conftest.py makes: a module cannot be imported from there.
RunningServer = Any
MakeMlp = Callable[..., Path]

FEATURES = np.random.default_rng(0).standard_normal((1, 30)).astype(np.float32)
LONG = 1_500_000


def direct(model: Path) -> list[float]:
    return onnxruntime.InferenceSession(str(model)).run(["scores"], {"features": FEATURES})[0].ravel().tolist()


def test_a_release_answers_once_it_is_activated(server: RunningServer, make_mlp: MakeMlp, tmp_path: Path) -> None:
    settings = server.put(make_mlp(tmp_path / "m.onnx"))

    assert server.call("GET", "/v2/health/ready").status == 503
    assert server.infer({"features": FEATURES}, version="1").status == 200
    assert (server.activate("1").status, server.call("GET", "/v2/health/ready").status) == (200, 200)

    status = server.status
    assert (status.pid, status.active) == (server.process.pid, "1")
    [release] = status.releases
    assert (release.settings, release.phase, release.detail, release.in_flight) == (settings, "ready", "", 0)


def test_a_switch_under_load_fails_no_request(
    server: RunningServer,
    make_mlp: MakeMlp,
    tmp_path: Path,
    in_background: ThreadPoolExecutor,
    request_body: Any,
    wait_until: Any,
) -> None:
    models = [make_mlp(tmp_path / f"{seed}.onnx", seed=seed) for seed in (1, 2)]
    expected = {"1": direct(models[0]), "2": direct(models[1])}
    body, enough = request_body({"features": FEATURES}), Event()

    def send_until_enough() -> list[tuple[int, str, list[float]]]:
        connection, answers = server.connect(), []
        while not enough.is_set():
            connection.request("POST", "/v2/models/fraud/infer", body)
            response = connection.getresponse()
            document = json.loads(response.read())
            answers.append((response.status, document["model_version"], document["outputs"][0]["data"]))
        connection.close()
        return answers

    def served(version: str) -> float:
        return server.metric("infractl_requests_total", version=version, code="200")

    server.serve(models[0], "1")
    clients = [in_background.submit(send_until_enough) for _ in range(4)]
    try:
        wait_until(lambda: served("1") > 100, "the first version to serve")
        server.serve(models[1], "2")
        assert server.control("DELETE", "/releases/1").status == 202
        wait_until(lambda: server.phase("1") is None, "the first version to unload")
        wait_until(lambda: served("2") > 100, "the second version to serve")
    finally:
        enough.set()

    for client in clients:
        versions = []
        for status, version, scores in client.result():
            assert status == 200
            np.testing.assert_allclose(scores, expected[version], rtol=1e-5)
            versions.append(version)
        assert versions == sorted(versions) and set(versions) == {"1", "2"}


def test_the_old_release_finishes_what_it_has(
    server: RunningServer,
    busy_model: Path,
    make_mlp: MakeMlp,
    tmp_path: Path,
    in_background: ThreadPoolExecutor,
    busy_inputs: Any,
    wait_until: Any,
) -> None:
    server.serve(busy_model, "old")
    long = in_background.submit(server.infer, busy_inputs(0.5, rounds=LONG))
    wait_until(lambda: server.metric("infractl_in_flight_requests") == 1, "the long request to start")

    server.serve(make_mlp(tmp_path / "m.onnx"), "new")
    server.control("DELETE", "/releases/old")
    [old] = [release for release in server.status.releases if release.settings.id == "old"]

    assert (old.phase, old.in_flight) == ("draining", 1)
    assert server.infer({"features": FEATURES}).json["model_version"] == "new"
    assert server.infer(busy_inputs(1.0), version="old").status == 404
    assert not long.done()
    assert (long.result().status, long.result().json["model_version"]) == (200, "old")
    wait_until(lambda: server.phase("old") is None, "the old release to unload")


def test_without_its_active_release_the_server_is_not_ready(server: RunningServer, make_mlp: MakeMlp, tmp_path: Path) -> None:
    server.serve(make_mlp(tmp_path / "m.onnx"))

    assert server.control("DELETE", "/releases/1").status == 202
    assert server.infer({"features": FEATURES}).status == 503
    assert server.call("GET", "/v2/health/ready").status == 503
    assert server.status.active is None


def test_putting_a_release_again_changes_nothing_and_other_settings_are_refused(
    server: RunningServer, make_mlp: MakeMlp, tmp_path: Path, release_settings: Any
) -> None:
    model = make_mlp(tmp_path / "m.onnx")
    server.serve(model)

    again = server.control("PUT", "/releases/1", dumps(release_settings(model)))
    other = server.control("PUT", "/releases/1", dumps(release_settings(model, max_batch=2)))

    assert (again.status, other.status) == (202, 409)
    assert "other settings" in other.json["error"]
    assert (server.phase("1"), server.status.active) == ("ready", "1")


def broken(model: Path) -> None:
    model.write_bytes(b"not a model")


@pytest.mark.parametrize(
    ("spoil", "changes", "detail"),
    [
        (broken, {}, "model-digest"),
        (Path.unlink, {}, "model-missing"),
        (lambda model: None, {"engine": "warp"}, "warp is not among"),
    ],
)
def test_a_release_that_cannot_load_says_why_and_the_old_one_goes_on(
    spoil: Callable[[Path], None],
    changes: dict[str, Any],
    detail: str,
    server: RunningServer,
    make_mlp: MakeMlp,
    tmp_path: Path,
    release_settings: Any,
    wait_until: Any,
) -> None:
    server.serve(make_mlp(tmp_path / "good.onnx"), "good")
    model = make_mlp(tmp_path / "bad.onnx", seed=1)
    settings = release_settings(model, "bad", **changes)
    spoil(model)

    assert server.control("PUT", "/releases/bad", dumps(settings)).status == 202
    wait_until(lambda: server.phase("bad") == "failed", "the release to fail")

    [bad] = [release for release in server.status.releases if release.settings.id == "bad"]
    assert detail in bad.detail
    assert server.activate("bad").status == 409
    assert server.infer({"features": FEATURES}).json["model_version"] == "good"


def test_a_failed_release_loads_once_its_cause_is_gone(
    server: RunningServer, make_mlp: MakeMlp, tmp_path: Path, release_settings: Any, wait_until: Any
) -> None:
    model = make_mlp(tmp_path / "m.onnx")
    settings, content = release_settings(model), model.read_bytes()
    model.unlink()
    server.control("PUT", "/releases/1", dumps(settings))
    wait_until(lambda: server.phase("1") == "failed", "the release to fail")

    model.write_bytes(content)
    server.control("PUT", "/releases/1", dumps(settings))

    wait_until(lambda: server.phase("1") == "ready", "the release to load")


def test_a_text_file_with_the_right_digest_is_no_model(server: RunningServer, tmp_path: Path, release_settings: Any) -> None:
    model = tmp_path / "words.onnx"
    model.write_text("these are words\n" * 20)

    server.put(model)

    assert "model-unreadable" in server.status.releases[0].detail


def cast_model(path: Path, given: int, made: int) -> Path:
    """`y = cast(x)`, from one element type to another."""
    graph = helper.make_graph(
        [helper.make_node("Cast", ["x"], ["y"], to=made)],
        "cast",
        [helper.make_tensor_value_info("x", given, ["batch", 2])],
        [helper.make_tensor_value_info("y", made, ["batch", 2])],
    )
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9).SerializeToString())
    return path


@pytest.mark.parametrize(
    ("given", "made", "said"),
    [
        (TensorProto.BFLOAT16, TensorProto.FLOAT, "x is BF16"),
        (TensorProto.FLOAT, TensorProto.BFLOAT16, "y is BF16"),
    ],
)
@pytest.mark.parametrize("warmup", [0, 1])
def test_a_model_that_json_cannot_speak_to_fails_when_it_is_loaded(
    given: int, made: int, said: str, warmup: int, server: RunningServer, tmp_path: Path
) -> None:
    server.put(cast_model(tmp_path / "m.onnx", given, made), warmup=warmup)

    [release] = server.status.releases
    assert release.phase == "failed"
    assert "model-unsendable-type" in release.detail and said in release.detail


@pytest.mark.parametrize(
    ("element", "word"), [(TensorProto.FLOAT16, "FP16"), (TensorProto.DOUBLE, "FP64"), (TensorProto.UINT16, "UINT16")]
)
def test_a_model_of_half_or_double_or_small_numbers_answers(
    element: int, word: str, server: RunningServer, tmp_path: Path
) -> None:
    server.serve(cast_model(tmp_path / "m.onnx", TensorProto.FLOAT, element), "out")
    server.serve(cast_model(tmp_path / "n.onnx", element, TensorProto.FLOAT), "in")
    body = {"shape": [1, 2], "data": [1, 2]}

    for version, datatype, answered in (("out", "FP32", word), ("in", word, "FP32")):
        request = json.dumps({"inputs": [{"name": "x", "datatype": datatype, **body}]}).encode()
        answer = server.call("POST", f"/v2/models/fraud/versions/{version}/infer", request)
        assert answer.status == 200, answer.body
        assert answer.json["outputs"] == [{"name": "y", "datatype": answered, **body}]


@pytest.mark.parametrize("changes", [{"path": "no\0path"}, {"instances": 1.5}])
def test_a_release_that_breaks_its_loading_unforeseen_fails_and_does_not_load_for_ever(
    changes: dict[str, Any], server: RunningServer, make_mlp: MakeMlp, tmp_path: Path, release_settings: Any, wait_until: Any
) -> None:
    settings = replace(release_settings(make_mlp(tmp_path / "m.onnx")), **changes)

    assert server.control("PUT", "/releases/1", dumps(settings)).status == 202
    wait_until(lambda: server.phase("1") == "failed", "the release to fail")

    assert server.status.releases[0].detail


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "/active", b'{"release": "none"}', 404),
        ("PUT", "/active", b'{"release": 1}', 400),
        ("PUT", "/active", b"{", 400),
        ("DELETE", "/releases/none", None, 404),
        ("PUT", "/releases/1", b"{}", 400),
        ("PUT", "/releases/1", b"[]", 400),
        ("PUT", "/releases/1", b"nonsense", 400),
        ("GET", "/nothing", None, 404),
        ("DELETE", "/active", None, 404),
    ],
)
def test_the_control_socket_refuses_with_a_reason(
    method: str, path: str, body: bytes | None, status: int, shared: RunningServer
) -> None:
    answer = shared.control(method, path, body)

    assert answer.status == status
    assert answer.json["error"]


@pytest.mark.parametrize("change", [{"id": "2"}, {"max_batch": 0}, {"instances": 0}, {"threads": "many"}, {"news": 1}])
def test_settings_that_make_no_sense_are_refused(
    change: dict[str, Any], shared: RunningServer, tmp_path: Path, make_mlp: MakeMlp, release_settings: Any
) -> None:
    document = json.loads(dumps(release_settings(make_mlp(tmp_path / "m.onnx")))) | change

    assert shared.control("PUT", "/releases/1", json.dumps(document).encode()).status == 400


@pytest.fixture(scope="module")
def shared(start_shared_server: Callable[[], RunningServer]) -> RunningServer:
    """One server for the tests that change nothing."""
    return start_shared_server()
