"""The server as a process: what it leaves in its directory, what keeps it from starting, how it stops."""

from __future__ import annotations

import contextlib
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from infractl.protocol.settings import read_record

# What tests/runtime/conftest.py makes: a module cannot be imported from there.
RunningServer = Any
Launch = Callable[[Path], tuple[int, str]]

LONG = 1_500_000
ENDLESS = 10**9


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_running_server_says_where_it_is(server: RunningServer) -> None:
    record = server.record

    assert (record.service, record.pid, record.host) == ("fraud", server.process.pid, "127.0.0.1")
    assert record.started == psutil.Process(server.process.pid).create_time()
    assert record.labels == {"team": "risk"}
    assert server.call("GET", "/v2/health/live").status == 200


def test_only_the_user_reaches_the_control_socket_and_the_record(server: RunningServer) -> None:
    assert mode(server.directory / "control.sock") == 0o600
    assert stat.S_ISSOCK((server.directory / "control.sock").stat().st_mode)
    assert mode(server.directory / "server.json") == 0o600


def test_a_long_directory_is_no_obstacle(start_server: Callable[..., RunningServer], tmp_path: Path) -> None:
    server = start_server(tmp_path / ("long" * 30))

    assert mode(server.directory / "control.sock") == 0o600
    assert server.stop() == 0


def test_a_second_server_of_a_directory_does_not_start(server: RunningServer, launch: Launch) -> None:
    status, said = launch(server.settings_file)

    assert (status, said) == (3, "another server of this directory is running\n")
    assert server.status.pid == server.process.pid


def test_a_port_in_use_is_named(write_settings: Callable[..., Path], launch: Launch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        status, said = launch(write_settings(tmp_path / "run", port=port))

    assert status == 4
    assert said.splitlines() == [f"cannot listen on 127.0.0.1:{port}: Address already in use"]
    assert not (tmp_path / "run" / "server.json").exists()


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[]", b"nonsense"])
def test_without_settings_it_says_so_in_one_line(content: bytes | None, launch: Launch, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    if content is not None:
        file.write_bytes(content)

    status, said = launch(file)

    assert status == 1
    assert len(said.splitlines()) == 1 and str(file) in said


def test_a_killed_server_leaves_nothing_that_keeps_the_next_from_starting(start_server: Callable[..., RunningServer]) -> None:
    first = start_server()
    first.process.kill()
    first.process.wait()
    (first.directory / "server.json").unlink()

    second = start_server(first.directory)

    assert second.status.pid == second.process.pid != first.process.pid


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_and_clears_its_directory(number: signal.Signals, server: RunningServer) -> None:
    server.process.send_signal(number)

    assert server.process.wait(30) == 0
    assert {path.name for path in server.directory.iterdir()} == {"server.lock", "server.log", "settings.json"}


def test_a_server_whose_directory_was_moved_clears_it_there_and_nobody_elses(start_server: Callable[..., RunningServer]) -> None:
    moved = start_server()
    elsewhere = moved.directory.rename(moved.directory.with_name("elsewhere"))
    moved.directory.mkdir()
    for name in ("server.json", "control.sock"):
        (moved.directory / name).write_text("of another server")

    moved.process.terminate()

    assert moved.process.wait(30) == 0
    assert {path.name for path in moved.directory.iterdir()} == {"server.json", "control.sock"}
    assert {path.name for path in elsewhere.iterdir()} == {"server.lock", "server.log", "settings.json"}


def test_a_stopping_server_answers_what_it_has_and_refuses_the_rest(
    start_server: Callable[..., RunningServer],
    busy_model: Path,
    in_background: ThreadPoolExecutor,
    busy_inputs: Any,
    request_body: Any,
    wait_until: Any,
) -> None:
    server = start_server(grace_s=60)
    server.serve(busy_model, max_batch=1)
    kept = server.connect()
    kept.request("GET", "/v2/health/ready")
    assert kept.getresponse().read()
    flying = [in_background.submit(server.infer, busy_inputs(0.5, rounds=LONG)) for _ in range(2)]
    wait_until(lambda: server.metric("infractl_in_flight_requests") == 2, "the requests to arrive")

    server.process.terminate()
    wait_until(lambda: "stopping with 2 requests in flight" in server.log.read_text(), "the server to begin to stop")
    kept.request("POST", "/v2/models/fraud/infer", request_body(busy_inputs(1.0)))
    refused = kept.getresponse()

    assert (refused.status, refused.getheader("connection"), refused.getheader("retry-after")) == (503, "close", "1")
    with pytest.raises(ConnectionRefusedError):
        server.connect().connect()
    assert [each.result().status for each in flying] == [200, 200]
    assert server.process.wait(60) == 0


def test_a_request_that_takes_longer_than_the_grace_is_cut_off(
    start_server: Callable[..., RunningServer],
    busy_model: Path,
    in_background: ThreadPoolExecutor,
    busy_inputs: Any,
    wait_until: Any,
) -> None:
    server = start_server(grace_s=0.2)
    server.serve(busy_model)
    cut_off = in_background.submit(server.infer, busy_inputs(0.5, rounds=ENDLESS))
    wait_until(lambda: server.metric("infractl_in_flight_requests") == 1, "the request to start")

    assert server.stop() == 0
    assert cut_off.result().status == 503
    assert "stopped before the answer" in cut_off.result().json["error"]
    assert "1 requests were not answered in time" in server.log.read_text()
    assert "Traceback" not in server.log.read_text()
    assert not (server.directory / "server.json").exists()


@pytest.mark.parametrize("sent", [b"", b"content-length: 100\r\n\r\n", b"content-length: 100\r\n\r\n{"])
def test_connections_that_never_finish_their_request_hold_it_no_longer_than_the_grace(
    sent: bytes,
    start_server: Callable[..., RunningServer],
    make_mlp: Callable[..., Path],
    tmp_path: Path,
    wait_until: Any,
) -> None:
    server = start_server(grace_s=0.5)
    server.serve(make_mlp(tmp_path / "m.onnx"))
    with contextlib.ExitStack() as connections:
        for _ in range(20):
            connection = connections.enter_context(socket.create_connection(("127.0.0.1", server.record.port)))
            connection.sendall(b"POST /v2/models/fraud/infer HTTP/1.1\r\nhost: x\r\n" + sent)
        if sent:
            wait_until(lambda: server.metric("infractl_in_flight_requests") == 20, "the requests to arrive")
        server.process.terminate()

        # Far less than the time that a body is given.
        assert server.process.wait(15) == 0
    assert "Traceback" not in server.log.read_text()


def test_a_server_that_is_told_so_stops_with_its_stdin(
    write_settings: Callable[..., Path], tmp_path: Path, wait_until: Any
) -> None:
    directory = tmp_path / "run"
    settings = write_settings(directory, until_stdin_ends=True)
    with subprocess.Popen([sys.executable, "-m", "infractl.runtime", str(settings)], stdin=subprocess.PIPE) as process:
        wait_until(lambda: (directory / "server.json").exists(), "the server to listen")
        assert process.stdin is not None
        process.stdin.write(b"not the end")
        process.stdin.flush()
        assert read_record((directory / "server.json").read_bytes()).pid == process.pid

        process.stdin.close()

        assert process.wait(30) == 0
    assert not (directory / "server.json").exists()


def test_a_second_signal_ends_it_at_once(
    server: RunningServer, busy_model: Path, in_background: ThreadPoolExecutor, busy_inputs: Any, wait_until: Any
) -> None:
    server.serve(busy_model)
    in_background.submit(server.infer, busy_inputs(0.5, rounds=ENDLESS))
    wait_until(lambda: server.metric("infractl_in_flight_requests") == 1, "the request to start")

    server.process.terminate()
    wait_until(lambda: "stopping" in server.log.read_text(), "the server to begin to stop")
    server.process.terminate()

    assert server.process.wait(30) == 128 + signal.SIGTERM
    assert not (server.directory / "server.json").exists()


def test_the_log_has_a_line_an_event_and_none_a_request(
    server: RunningServer, make_mlp: Callable[..., Path], tmp_path: Path, wait_until: Any
) -> None:
    server.serve(make_mlp(tmp_path / "m.onnx"))
    for _ in range(20):
        server.call("POST", "/v2/models/fraud/infer", b"{}")
    server.stop()

    events = [line.split(" ", 1) for line in server.log.read_text().splitlines()]
    assert all(when.endswith("Z") for when, _ in events)
    assert len(events) == 6
