"""The Open Inference Protocol over HTTP, on a real server with one release."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

# What tests/runtime/conftest.py makes: a module cannot be imported from there.
RunningServer = Any

MODEL = "/v2/models/fraud"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def model(make_mlp: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_mlp(tmp_path_factory.mktemp("model") / "m.onnx")


@pytest.fixture(scope="module")
def fraud(start_shared_server: Callable[[], RunningServer], model: Path) -> Iterator[RunningServer]:
    server = start_shared_server()
    server.serve(model, "v1")
    return server


def features(items: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((items, 30)).astype(np.float32)


@pytest.mark.parametrize("items", [1, 8, 50])
def test_answers_are_those_of_onnx_runtime_called_directly(items: int, fraud: RunningServer, model: Path) -> None:
    given = features(items)

    answer = fraud.infer({"features": given})

    assert answer.status == 200
    document = answer.json
    assert (document["model_name"], document["model_version"]) == ("fraud", "v1")
    [scores] = document["outputs"]
    assert (scores["name"], scores["shape"], scores["datatype"]) == ("scores", [items, 2], "FP32")
    [expected] = onnxruntime.InferenceSession(str(model)).run(["scores"], {"features": given})
    np.testing.assert_allclose(np.reshape(scores["data"], (items, 2)), expected, rtol=1e-5)


def test_a_version_answers_under_its_own_path(fraud: RunningServer) -> None:
    assert fraud.infer({"features": features(1)}, version="v1").json["model_version"] == "v1"
    assert fraud.infer({"features": features(1)}, version="v9").status == 404
    assert fraud.call("GET", f"{MODEL}/versions/v1/ready").status == 200
    assert fraud.call("GET", f"{MODEL}/versions/v9/ready").status == 404


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/v2/health/live", {"live": True}),
        ("/v2/health/ready", {"ready": True}),
        (f"{MODEL}/ready", {"name": "fraud", "ready": True}),
        (
            MODEL,
            {
                "name": "fraud",
                "versions": ["v1"],
                "platform": "onnx_onnxv1",
                "inputs": [{"name": "features", "datatype": "FP32", "shape": [-1, 30]}],
                "outputs": [{"name": "scores", "datatype": "FP32", "shape": [-1, 2]}],
            },
        ),
    ],
)
def test_pages_say_what_the_protocol_has_them_say(path: str, document: Any, fraud: RunningServer) -> None:
    got, headed = fraud.call("GET", path), fraud.call("HEAD", path)

    assert (got.status, got.json) == (200, document)
    assert (headed.status, headed.body, headed.headers["content-length"]) == (200, b"", str(len(got.body)))


def test_the_server_names_itself(fraud: RunningServer) -> None:
    assert set(fraud.call("GET", "/v2").json) == {"name", "version", "extensions"}


@pytest.mark.parametrize(
    ("method", "path", "headers", "body", "status", "reason"),
    [
        ("GET", "/", {}, None, 404, 'there is nothing at "/"'),
        ("GET", "/v2/models/other", {}, None, 404, "there is nothing at"),
        ("POST", "/v2/models/other/infer", JSON, b"{}", 404, "there is nothing at"),
        ("GET", f"{MODEL}/infer", {}, None, 405, "takes POST"),
        ("POST", "/v2/health/live", JSON, b"{}", 405, "takes GET, HEAD"),
        ("POST", f"{MODEL}/infer", {"content-type": "text/plain"}, b"{}", 415, "application/json is wanted"),
        ("POST", f"{MODEL}/infer", {**JSON, "content-encoding": "gzip"}, b"{}", 415, 'encoding is "gzip", and only identity'),
        ("POST", f"{MODEL}/infer", {**JSON, "content-encoding": "Identity"}, b"{}", 400, "inputs"),
        ("POST", f"{MODEL}/infer", {"content-length": str(2**30)}, None, 413, "larger than"),
        ("POST", f"{MODEL}/infer", JSON, b"{", 400, "the body is no JSON"),
        ("POST", f"{MODEL}/infer", {}, b"{}", 400, 'no list of objects as "inputs"'),
        ("POST", f"{MODEL}/infer", {"content-type": "application/json; charset=utf-8"}, b"{}", 400, "inputs"),
    ],
)
def test_a_refusal_has_its_status_and_a_reason(
    method: str, path: str, headers: Mapping[str, str], body: bytes | None, status: int, reason: str, fraud: RunningServer
) -> None:
    answer = fraud.call(method, path, body, headers)

    assert answer.status == status
    assert list(answer.json) == ["error"]
    assert reason in answer.json["error"]
    assert ("allow" in answer.headers) == (status == 405)


def test_a_body_in_chunks_is_read_up_to_the_limit(fraud: RunningServer, request_body: Callable[..., bytes]) -> None:
    body = request_body({"features": features(2)})
    halves = [body[: len(body) // 2], body[len(body) // 2 :]]
    too_much = [b" " * 2**20] * 65

    assert fraud.call("POST", f"{MODEL}/infer", iter(halves), JSON).status == 200
    assert fraud.call("POST", f"{MODEL}/infer", iter(too_much), JSON).status == 413


def test_a_connection_serves_many_requests_refused_ones_included(
    fraud: RunningServer, request_body: Callable[..., bytes]
) -> None:
    connection = fraud.connect()
    statuses = []
    for body in (request_body({"features": features(1)}), b"nonsense", request_body({"features": features(3)})):
        connection.request("POST", f"{MODEL}/infer", body, JSON)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
        assert response.getheader("connection") != "close"
    connection.close()

    assert statuses == [200, 400, 200]


def test_the_metrics_count_answers_refusals_time_and_items(fraud: RunningServer) -> None:
    before = {code: fraud.metric("infractl_requests_total", version="v1", code=code) for code in ("200", "400")}
    items = fraud.metric("infractl_batch_items_sum", version="v1")

    fraud.infer({"features": features(5)})
    fraud.call("POST", f"{MODEL}/infer", b"{}")

    assert fraud.metric("infractl_requests_total", version="v1", code="200") == before["200"] + 1
    assert fraud.metric("infractl_requests_total", version="v1", code="400") == before["400"] + 1
    assert fraud.metric("infractl_batch_items_sum", version="v1") == items + 5
    answered = fraud.metric("infractl_requests_total", version="v1", code="200")
    assert fraud.metric("infractl_request_seconds_count", version="v1") == answered
    assert fraud.metric("infractl_queue_depth") == fraud.metric("infractl_in_flight_requests") == 0


def test_a_server_without_a_release_is_alive_and_not_ready(server: RunningServer) -> None:
    assert server.call("GET", "/v2/health/live").status == 200
    for method, path in (("GET", "/v2/health/ready"), ("GET", f"{MODEL}/ready"), ("GET", MODEL), ("POST", f"{MODEL}/infer")):
        answer = server.call(method, path)
        assert (answer.status, answer.json) == (503, {"error": "no release is active"})
        assert answer.headers["retry-after"] == "1"


def test_nonsense_on_the_socket_harms_nobody(fraud: RunningServer) -> None:
    for nonsense in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"GET / HTTP/9\r\n\r\n",
        b"POST /v2 HTTP/1.1\r\ncontent-length: x\r\n\r\n",
    ):
        connection = fraud.connect()
        connection.connect()
        connection.sock.sendall(nonsense)
        connection.close()

    assert fraud.infer({"features": features(1)}).status == 200


def test_a_client_that_leaves_in_the_middle_of_a_body_is_no_error(fraud: RunningServer, wait_until: Callable[..., None]) -> None:
    before = fraud.metric("infractl_requests_total", version="v1", code="499")
    connection: http.client.HTTPConnection = fraud.connect()
    connection.connect()
    connection.sock.sendall(f"POST {MODEL}/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{{".encode())
    connection.close()

    wait_until(lambda: fraud.metric("infractl_requests_total", version="v1", code="499") == before + 1, "the loss to be seen")
    assert "Traceback" not in fraud.log.read_text()
    assert json.loads(fraud.call("GET", "/v2/health/ready").body) == {"ready": True}


def test_clients_that_send_slowly_take_no_place_of_those_that_are_ready(
    start_server: Callable[..., RunningServer], model: Path, wait_until: Callable[..., None]
) -> None:
    server = start_server()
    server.serve(model, "v1", max_concurrency=1)
    slow = [server.connect() for _ in range(3)]
    for connection in slow:
        connection.connect()
        connection.sock.sendall(f"POST {MODEL}/infer HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{{".encode())
    wait_until(lambda: server.metric("infractl_in_flight_requests") == 3, "the slow ones to begin")

    assert server.infer({"features": features(1)}).status == 200
    server.control("DELETE", "/releases/v1")
    wait_until(lambda: server.phase("v1") is None, "the release to unload, whoever still sends")
    for connection in slow:
        connection.sock.sendall(b" " * 99)
        answer = http.client.HTTPResponse(connection.sock, method="POST")
        answer.begin()
        assert (answer.status, json.loads(answer.read())) == (503, {"error": "no release is active"})
        connection.close()
