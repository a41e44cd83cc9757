"""What a server's preflight finds: a declared port that another process holds, and nothing else."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infractl.domain.resource import Resource
from infractl.errors import Severity
from infractl.provider.capability import Preflights
from infractl_local.settings import LocalSettings

if TYPE_CHECKING:
    from conftest import World


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that this very process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


@pytest.fixture
def server_on(new_world: Callable[..., World], model: Path) -> Callable[[int], tuple[World, Resource]]:
    """A world whose service declares the port, and the server that it wants."""

    def declare(port: int) -> tuple[World, Resource]:
        world = new_world(settings=LocalSettings(ports={"fraud": port}))
        return world, next(r for r in world.compile(model).resources if r.address.kind == "server")

    return declare


def test_a_port_that_another_holds_is_an_error_before_anything_changes(
    taken: int, server_on: Callable[[int], tuple[World, Resource]]
) -> None:
    world, wanted = server_on(taken)
    kind = world.kinds["server"]

    assert isinstance(kind, Preflights)
    [problem] = kind.preflight(wanted, None)

    assert (problem.slug, problem.severity, problem.at) == ("port-in-use", Severity.error, str(wanted.address))
    assert f"127.0.0.1:{taken} is in use by" in problem.detail
    assert f"pid {os.getpid()}" in problem.detail
    assert problem.remedy == "stop it, or declare another port in infractl.yaml: ports: {fraud: N}"
    assert not world.files


def test_a_change_to_such_a_port_is_found_while_the_server_goes_on(
    world: World, model: Path, taken: int, server_on: Callable[[int], tuple[World, Resource]]
) -> None:
    world.apply(world.compile(model))
    _, wanted = server_on(taken)

    assert [p.slug for p in world.kinds["server"].preflight(wanted, world.one("server"))] == ["port-in-use"]
    assert world.again("server") == world.one("server")


def test_a_free_port_any_port_and_the_servers_own_port_are_fine(
    world: World, model: Path, free: int, server_on: Callable[[int], tuple[World, Resource]]
) -> None:
    anywhere = next(r for r in world.compile(model).resources if r.address.kind == "server")
    fixed, wanted = server_on(free)

    assert world.kinds["server"].preflight(anywhere, None) == ()
    assert fixed.kinds["server"].preflight(wanted, None) == ()
    live = fixed.reach(wanted)
    assert fixed.kinds["server"].preflight(wanted, live) == ()
    assert fixed.kinds["server"].preflight(wanted, None) == ()
