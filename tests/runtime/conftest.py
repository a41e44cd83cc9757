"""Real servers as subprocesses on loopback, stopped by the test that started them, and a model that can be kept busy."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infractl.protocol.control import socket_address
from infractl.protocol.settings import ReleaseSettings, ServerSettings, ServerStatus, dumps, read_record, read_status

PATIENCE_S = 30.0


def _wait_until(is_so: Callable[[], Any], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited in vain: {what}"
        time.sleep(0.005)


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with socket_address(self._path) as address:
            self.sock.connect(address)


class RunningServer:
    """A server process for the service `fraud`."""

    def __init__(self, directory: Path, grace_s: float = 10.0) -> None:
        self.directory = directory
        self.log = directory / "server.log"
        self.settings_file = _write_settings(directory, grace_s=grace_s)
        self.process = _start(self.settings_file, self.log)
        _wait_until(lambda: (directory / "server.json").exists() or self.process.poll() is not None, "the server to listen")
        assert self.process.poll() is None, self.log.read_text()
        self.record = read_record((directory / "server.json").read_bytes())

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.record.port, timeout=PATIENCE_S)

    def call(self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None) -> Answer:
        connection = self.connect()
        try:
            connection.request(method, path, body, dict(headers or {}))
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def infer(self, inputs: Mapping[str, Any], version: str | None = None) -> Answer:
        within = f"/versions/{version}" if version else ""
        return self.call("POST", f"/v2/models/fraud{within}/infer", _request_body(inputs))

    def control(self, method: str, path: str, body: bytes | None = None) -> Answer:
        connection = UnixConnection(self.directory / "control.sock")
        try:
            connection.request(method, path, body, {"content-type": "application/json"})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    @property
    def status(self) -> ServerStatus:
        return read_status(self.control("GET", "/status").body)

    def phase(self, release_id: str) -> str | None:
        return next((release.phase for release in self.status.releases if release.settings.id == release_id), None)

    def put(self, model: Path, version: str = "1", **changes: Any) -> ReleaseSettings:
        """Have a release loaded, under its version as the id, and wait for the end of that."""
        settings = _release_settings(model, version, **changes)
        answer = self.control("PUT", f"/releases/{settings.id}", dumps(settings))
        assert answer.status == 202, answer.body
        _wait_until(lambda: self.phase(settings.id) != "loading", "the release to load")
        return settings

    def serve(self, model: Path, version: str = "1", **changes: Any) -> None:
        settings = self.put(model, version, **changes)
        assert self.activate(settings.id).status == 200, self.status

    def activate(self, release_id: str) -> Answer:
        return self.control("PUT", "/active", json.dumps({"release": release_id}).encode())

    def metric(self, name: str, **labels: str) -> float:
        """A sample's value; 0 where nothing was counted yet."""
        inside = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
        wanted = f"{name}{{{inside}}} " if labels else f"{name} "
        lines = self.call("GET", "/metrics").body.decode().splitlines()
        return next((float(line.removeprefix(wanted)) for line in lines if line.startswith(wanted)), 0.0)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE_S)


def _request_body(inputs: Mapping[str, Any]) -> bytes:
    names = {"float32": "FP32", "int64": "INT64"}
    tensors = [
        {"name": name, "shape": list(array.shape), "datatype": names[str(array.dtype)], "data": array.ravel().tolist()}
        for name, array in inputs.items()
    ]
    return json.dumps({"inputs": tensors}).encode()


def _release_settings(model: Path, version: str = "1", **changes: Any) -> ReleaseSettings:
    values: dict[str, Any] = {
        "id": version,
        "version": version,
        "path": str(model),
        "digest": hashlib.sha256(model.read_bytes()).hexdigest() if model.is_file() else "",
        "engine": "onnxruntime",
        "max_batch": 8,
        "max_delay_s": 0.0,
        "instances": 1,
        "threads": 1,
        "max_concurrency": 64,
        "warmup": 1,
        "reject_non_finite": True,
    }
    return ReleaseSettings(**{**values, **changes})


def _write_settings(directory: Path, port: int = 0, grace_s: float = 10.0, until_stdin_ends: bool = False) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / "settings.json"
    settings = ServerSettings(
        service="fraud",
        host="127.0.0.1",
        port=port,
        directory=str(directory),
        labels={"team": "risk"},
        grace_s=grace_s,
        until_stdin_ends=until_stdin_ends,
    )
    file.write_bytes(dumps(settings))
    return file


def _start(settings_file: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen([sys.executable, "-m", "infractl.runtime", str(settings_file)], stdout=output, stderr=output)


StartServer = Callable[..., RunningServer]


@contextmanager
def _starting(default: Path) -> Iterator[StartServer]:
    started: list[RunningServer] = []

    def begin(directory: Path = default, **settings: Any) -> RunningServer:
        started.append(RunningServer(directory, **settings))
        return started[-1]

    try:
        yield begin
    finally:
        for server in started:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait(PATIENCE_S)


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Starts servers, and ends those that the test left running."""
    with _starting(tmp_path / "run") as begin:
        yield begin


@pytest.fixture(scope="module")
def start_shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """The same, for the tests of a whole module."""
    with _starting(tmp_path_factory.mktemp("shared")) as begin:
        yield begin


@pytest.fixture
def server(start_server: StartServer) -> RunningServer:
    return start_server()


@pytest.fixture
def in_background() -> Iterator[ThreadPoolExecutor]:
    """Runs requests beside the test."""
    with ThreadPoolExecutor(max_workers=16) as pool:
        yield pool


@pytest.fixture
def busy_model(tmp_path: Path) -> Path:
    """`scores = abs(features + table[pick])`, as many times as the largest of `rounds`: a call as slow as a request asks for.

    `pick` beyond the table of four zeros fails inside the engine.
    """
    body = helper.make_graph(
        [
            helper.make_node("Abs", ["before"], ["after"]),
            helper.make_node("Identity", ["goes_on"], ["still"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("goes_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("still", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, None),
        ],
    )
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "pick"], ["picked"]),
            helper.make_node("Unsqueeze", ["picked", "last_axis"], ["column"]),
            helper.make_node("Add", ["features", "column"], ["begun"]),
            helper.make_node("ReduceMax", ["rounds"], ["trips"], keepdims=0),
            helper.make_node("Loop", ["trips", "", "begun"], ["scores"], body=body),
        ],
        "busy",
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", "length"]),
            helper.make_tensor_value_info("pick", TensorProto.INT64, ["batch"]),
            helper.make_tensor_value_info("rounds", TensorProto.INT64, ["batch"]),
        ],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", "length"])],
        [
            numpy_helper.from_array(np.zeros(4, np.float32), "table"),
            numpy_helper.from_array(np.array([1]), "last_axis"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path = tmp_path / "busy.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def _busy_inputs(*features: float, rounds: int = 1, pick: int = 0) -> dict[str, Any]:
    """One item for the busy model."""
    return {
        "features": np.array([features], np.float32),
        "pick": np.array([pick], np.int64),
        "rounds": np.array([rounds], np.int64),
    }


# Test modules cannot import from here, so what they call comes as fixtures.
@pytest.fixture(scope="session")
def busy_inputs() -> Callable[..., dict[str, Any]]:
    """One item for the busy model: `busy_inputs(*features, rounds=1, pick=0)`."""
    return _busy_inputs


@pytest.fixture(scope="session")
def wait_until() -> Callable[[Callable[[], Any], str], None]:
    return _wait_until


@pytest.fixture(scope="session")
def request_body() -> Callable[[Mapping[str, Any]], bytes]:
    return _request_body


@pytest.fixture(scope="session")
def release_settings() -> Callable[..., ReleaseSettings]:
    return _release_settings


@pytest.fixture(scope="session")
def write_settings() -> Callable[..., Path]:
    return _write_settings


@pytest.fixture
def launch(tmp_path: Path) -> Callable[[Path], tuple[int, str]]:
    """Runs a server that is expected to end by itself; gives its status and what it wrote."""

    def begin(settings_file: Path) -> tuple[int, str]:
        log = tmp_path / "launched.log"
        return _start(settings_file, log).wait(PATIENCE_S), log.read_text()

    return begin
