"""A server that is there and does not answer: everything says so in bounded time, and it can be replaced and destroyed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infractl.domain.action import Action
from infractl.domain.health import HealthStatus
from infractl.domain.plan import Change
from infractl.errors import ProviderError
from infractl.planning.diff import Desired, KindView, diff
from infractl.protocol.control import socket_address
from infractl_local.provider import provider

if TYPE_CHECKING:
    from conftest import Question, World

HTTP_OK = b"HTTP/1.1 200 OK\r\ncontent-length: 14\r\n\r\n"


@pytest.fixture
def stopped(world: World, model: Path) -> World:
    """A service whose server process was stopped by SIGSTOP."""
    world.apply(world.compile(model))
    [server] = world.servers
    server.suspend()
    return world


@pytest.fixture
def of_another_version(world: World, model: Path) -> Iterator[World]:
    """A service whose server answers something on its control socket that nobody understands."""
    world.apply(world.compile(model))
    path = Path(world.one("server").properties["directory"]) / "control.sock"
    path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        with socket_address(path) as address:
            listener.bind(address)
        listener.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(65536)
                    connection.sendall(HTTP_OK + b'{"version": 2}')

        serving = threading.Thread(target=serve, daemon=True)
        serving.start()
        yield world
        listener.shutdown(socket.SHUT_RDWR)
        serving.join(5)


@pytest.fixture(params=["stopped", "of_another_version"])
def silent(request: pytest.FixtureRequest) -> World:
    """Either of them."""
    world: World = request.getfixturevalue(request.param)
    return world


def changes(world: World, model: Path, version: str = "1") -> dict[str, Change]:
    """What a plan would say, by kind."""
    desired = [Desired(resource=r, target="local") for r in world.compile(model, version).resources]
    views = {("local", n): KindView(schema=provider.kinds[n], managed=kind.managed) for n, kind in world.connect().items()}
    live = {address: live for address in world.live if (live := world.again(address.kind))}
    return {c.address.kind: c for c in diff(desired, [], live, views)}


def test_what_is_silent_is_still_there_and_failed_with_a_reason(silent: World, model: Path) -> None:
    for wanted in map(silent.resolved, silent.compile(model).resources[1:]):
        live = silent.again(wanted.address.kind)

        assert live is not None
        health = silent.kinds[wanted.address.kind].health(wanted, live)
        assert health.status is HealthStatus.failed
        assert "does not answer: GET /status" in health.reason


def test_a_plan_replaces_the_server_and_with_it_the_route(silent: World, model: Path) -> None:
    planned = changes(silent, model)

    assert planned["server"].action is planned["route"].action is Action.replace
    assert [a.path for a in planned["server"].attributes] == ["answers"]
    assert planned["artifact"].action is not Action.replace


def test_it_is_replaced_by_one_that_answers_on_the_same_port(silent: World, model: Path, question: Question) -> None:
    before = silent.one("route")
    [old] = silent.servers
    route, server = (next(a for a in silent.live if a.kind == kind) for kind in ("route", "server"))

    silent.delete(route)
    assert silent.connect()["route"].read([before.ref]) == {}
    silent.delete(server)
    silent.apply(silent.compile(model))

    assert silent.ask(question) == question.expected(model)
    assert silent.one("route").properties["url"] == before.properties["url"]
    assert [process.pid for process in silent.servers] != [old.pid]


def test_it_is_destroyed_without_a_trace(silent: World) -> None:
    silent.destroy()

    assert not silent.servers
    assert not silent.files


def test_a_stopped_server_that_goes_on_is_as_it_was(stopped: World, model: Path) -> None:
    [server] = stopped.servers
    server.resume()

    planned = changes(stopped, model)

    assert stopped.again("route") == stopped.one("route")
    assert {change.action for change in planned.values()} == {Action.adopt}


def test_nothing_is_known_of_a_silent_route_and_requests_are_refused_at_once(
    stopped: World, second_model: Path, question: Question
) -> None:
    live = stopped.again("route")
    wanted = stopped.compile(second_model, "2").resources[2]

    assert live is not None
    assert stopped.kinds["route"].managed(wanted, live) != wanted.properties, "a change would be taken for none"
    assert stopped.kinds["route"].metrics(live) == {}
    with pytest.raises(ProviderError) as refused:
        stopped.kinds["route"].invoke(live, question.body)

    assert refused.value.diagnostics[0].slug == "service-unreachable"
    assert "no answer within" in refused.value.diagnostics[0].detail


def test_an_update_of_a_server_that_is_not_understood_fails_with_the_remedy(of_another_version: World, model: Path) -> None:
    route = of_another_version.resolved(of_another_version.compile(model, "2").resources[2])

    with pytest.raises(ProviderError) as refused:
        of_another_version.drive(of_another_version.step(Action.update, route))

    assert refused.value.diagnostics[0].slug == "control-answer"
    assert "infractl plan and apply" in refused.value.diagnostics[0].remedy


def test_a_server_of_a_later_version_is_read_and_destroyed(world: World, model: Path, rewrite: Callable[..., None]) -> None:
    world.apply(world.compile(model))
    directory = Path(world.one("server").properties["directory"])
    rewrite(directory / "server.json", news=1)
    rewrite(directory / "settings.json", news=1)

    assert world.again("server") == world.one("server")
    assert world.again("route") == world.one("route")
    world.destroy()

    assert not world.servers
    assert not world.files
