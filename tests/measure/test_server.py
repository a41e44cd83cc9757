"""The server that calibration starts: it answers, and it is gone afterwards whatever happens."""

from __future__ import annotations

import socket
from pathlib import Path

import psutil
import pytest

from infractl.clock import SystemClock
from infractl.measure.load import post_request, run_load
from infractl.measure.model import identity
from infractl.measure.server import SERVICE, MeasureError, running_server

REQUEST = b'{"inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [[1, 2, 3, 4]]}]}'


def children() -> list[psutil.Process]:
    return [c for c in psutil.Process().children() if "infractl.runtime" in " ".join(c.cmdline())]


def test_a_loaded_model_answers_and_the_server_is_gone_afterwards(tmp_path: Path) -> None:
    with running_server(tmp_path, SystemClock()) as server:
        server.activate(server.load(identity(tmp_path / "model.onnx", 4), max_batch=1))
        request = post_request(f"/v2/models/{SERVICE}/infer", "localhost", REQUEST)
        result = run_load(server.address, request, connections=2, seconds=5, most=20)
        assert len(children()) == 1

    assert len(result.latencies_s) >= 20
    assert children() == []
    with pytest.raises(OSError):
        socket.create_connection(server.address, timeout=1)


def test_the_server_is_ended_where_the_measurement_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), running_server(tmp_path, SystemClock()):
        raise ZeroDivisionError

    assert children() == []


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with running_server(tmp_path, SystemClock()), pytest.raises(MeasureError) as caught:
        (tmp_path / "server.json").unlink()
        with running_server(tmp_path, SystemClock()):
            pass

    (problem,) = caught.value.diagnostics
    assert problem.slug == "calibration-failed"
    assert "another server" in problem.detail and problem.remedy


def test_a_model_that_cannot_be_served_says_why(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")

    with running_server(tmp_path, SystemClock()) as server, pytest.raises(MeasureError, match="cannot serve"):
        server.load(broken, max_batch=1)
