"""The demo's judge takes a version's own answer for that version's and nothing else for anybody's; each failure counts."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

QUICKSTART = Path(__file__).parents[2] / "examples" / "quickstart"


def part(name: str) -> ModuleType:
    """A module of the demo, which is no package: its folder is on nobody's path but the demo's."""
    spec = importlib.util.spec_from_file_location(f"quickstart_{name}", QUICKSTART / f"{name}.py")
    assert spec and spec.loader
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


load, versions = part("load"), part("versions")


@pytest.fixture(scope="module")
def both() -> Any:
    return versions.load_versions(QUICKSTART, {"1": "digits-1.onnx", "2": "digits-2.onnx"}, count=5)


def body(outputs: dict[str, Any]) -> bytes:
    kinds = {"probabilities": "FP32", "digit": "INT64"}
    return json.dumps({"outputs": [versions.tensor(name, kinds[name], values) for name, values in outputs.items()]}).encode()


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_versions_own_answer_is_told_from_the_others(version: str, both: Any) -> None:
    for sample in range(5):
        own = {name: values[sample : sample + 1] for name, values in both.answers[version].items()}

        assert both.author(sample, body(own)) == version


def test_an_answer_that_is_slightly_wrong_belongs_to_no_version(both: Any) -> None:
    own = {name: values[:1].copy() for name, values in both.answers["1"].items()}
    own["probabilities"][0, 3] += 0.001

    assert both.author(0, body(own)) is None


@pytest.mark.parametrize("bad", [b"", b"{}", b'{"outputs": []}', b'{"outputs": [{"name": "digit"}]}', b"[1, 2]"])
def test_a_broken_answer_belongs_to_no_version(bad: bytes, both: Any) -> None:
    assert both.author(0, bad) is None


def test_an_answer_with_an_output_missing_belongs_to_no_version(both: Any) -> None:
    assert both.author(0, body({"digit": both.answers["1"]["digit"][:1]})) is None


class Flaky(BaseHTTPRequestHandler):
    """Answers, refuses, or hangs up, as the body says."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        match self.rfile.read(int(self.headers["Content-Length"])):
            case b"hang up":
                self.close_connection = True
            case b"refuse":
                self.send_response(503)
                self.send_header("Content-Length", "0")
                self.end_headers()
            case other:
                self.send_response(200)
                self.send_header("Content-Length", str(len(other)))
                self.end_headers()
                self.wfile.write(other)

    def log_message(self, *what: object) -> None: ...


@pytest.fixture
def flaky() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Flaky) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/infer"
        server.shutdown()
        thread.join()


def test_refused_requests_and_broken_connections_are_failures_and_the_load_goes_on(flaky: str) -> None:
    with load.Load(flaky, [b"fine", b"hang up", b"refuse"], connections=2) as running:
        assert running.wait_for(30, within_s=30)

    problems = {sample: {a.problem for a in running.answers if a.sample == sample} for sample in range(3)}
    assert problems[0] == {""}
    assert all("HTTP 503" in problem for problem in problems[2])
    assert all(problem and "HTTP" not in problem for problem in problems[1])
