"""The kind `server`: one process, found again, never mistaken for another."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from infractl.domain.action import Action
from infractl.domain.health import HealthStatus
from infractl.domain.resource import Ref, Resource
from infractl.domain.step import Done, Failed, Running
from infractl.errors import ProviderError, TransientProviderError
from infractl_local.settings import LocalSettings

if TYPE_CHECKING:
    from conftest import World


@pytest.fixture
def wanted(world: World, model: Path) -> Resource:
    """A server on any port."""
    return next(r for r in world.compile(model).resources if r.address.kind == "server")


@pytest.fixture
def stranger() -> Iterator[psutil.Process]:
    """A process that has nothing to do with us."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield psutil.Process(process.pid)
        process.kill()


def test_to_begin_twice_makes_one_server(world: World, wanted: Resource) -> None:
    step = world.step(Action.create, wanted)

    first = world.kinds["server"].begin(step)
    second = world.connect()["server"].begin(step)

    assert isinstance(world.wait(first), Done)
    assert isinstance(world.wait(second, world.connect()), Done)
    assert len(world.servers) == 1


def test_a_server_that_is_starting_is_found_once_it_listens(world: World, wanted: Resource) -> None:
    world.kinds["server"].begin(world.step(Action.create, wanted))

    [live] = world.connect()["server"].find(world.owner)

    assert world.owner.owns(live.labels) == wanted.address
    assert [process.pid for process in world.servers] == [live.properties["pid"]]


def test_a_running_server_is_adopted_by_its_labels(world: World, wanted: Resource) -> None:
    before = world.reach(wanted)
    world.live.clear()

    after = world.reach(wanted)

    assert after.properties["instance"] == before.properties["instance"]


def test_a_server_of_another_lineage_is_refused_and_left_alone(
    world: World, new_world: Callable[..., World], wanted: Resource
) -> None:
    live = world.reach(wanted)
    other = new_world(lineage="lineage-2")

    with pytest.raises(ProviderError) as refused:
        other.drive(other.step(Action.create, wanted))
    other.live[wanted.address] = live
    other.delete(wanted.address)

    assert refused.value.diagnostics[0].slug == "foreign-server"
    assert other.kinds["server"].find(other.owner) == []
    assert world.again("server") == live


def test_a_killed_server_is_absent_and_its_successor_takes_the_same_port(world: World, wanted: Resource) -> None:
    before = world.reach(wanted)
    os.kill(before.properties["pid"], signal.SIGKILL)
    psutil.Process(before.properties["pid"]).wait(10)

    assert world.again("server") is None
    assert world.connect()["server"].find(world.owner) == []
    world.live.clear()
    after = world.reach(wanted)

    assert after.properties["bound_port"] == before.properties["bound_port"]
    assert after.properties["instance"] != before.properties["instance"]


def test_a_recycled_pid_is_neither_trusted_nor_killed(world: World, wanted: Resource, stranger: psutil.Process) -> None:
    live = world.reach(wanted)
    record = Path(live.properties["directory"]) / "server.json"
    told = json.loads(record.read_bytes())
    os.kill(told["pid"], signal.SIGKILL)
    psutil.Process(told["pid"]).wait(10)
    record.write_text(json.dumps({**told, "pid": stranger.pid}))

    assert world.again("server") is None
    world.delete(wanted.address)

    assert stranger.is_running() and stranger.status() != psutil.STATUS_ZOMBIE
    assert not world.files


def test_a_living_process_with_the_right_start_time_is_not_trusted_without_the_lock(
    world: World, wanted: Resource, stranger: psutil.Process
) -> None:
    live = world.reach(wanted)
    record = Path(live.properties["directory"]) / "server.json"
    told = json.loads(record.read_bytes())
    os.kill(told["pid"], signal.SIGKILL)
    psutil.Process(told["pid"]).wait(10)
    record.write_text(json.dumps({**told, "pid": stranger.pid, "started": stranger.create_time()}))

    assert world.again("server") is None
    world.delete(wanted.address)

    assert stranger.is_running() and stranger.status() != psutil.STATUS_ZOMBIE


def test_a_record_that_names_another_process_leads_nobody_to_it(
    world: World, wanted: Resource, stranger: psutil.Process, rewrite: Callable[..., None]
) -> None:
    live = world.reach(wanted)
    # So close to the server's own start that the times alone would not tell them apart.
    rewrite(Path(live.properties["directory"]) / "server.json", pid=stranger.pid, started=stranger.create_time())

    lost = world.again("server")
    world.live.clear()
    after = world.reach(wanted)

    assert lost is not None and lost.properties["pid"] == live.properties["pid"]
    assert world.kinds["server"].health(wanted, lost).status is HealthStatus.failed
    assert [process.pid for process in world.servers] == [after.properties["pid"]] != [live.properties["pid"]]
    assert stranger.is_running() and stranger.status() != psutil.STATUS_ZOMBIE


def test_no_signal_reaches_a_process_that_is_not_the_directorys_server(
    world: World, wanted: Resource, stranger: psutil.Process
) -> None:
    live = world.reach(wanted)
    pending = world.kinds["server"].begin(world.removal(wanted.address))
    token = {**json.loads(pending.token), "processes": [[stranger.pid, stranger.create_time()]], "since": 0.0}

    assert isinstance(world.wait(pending), Done)
    assert isinstance(world.wait(replace(pending, token=json.dumps(token))), Done)

    assert live.properties["pid"] not in {process.pid for process in world.servers}
    assert stranger.is_running() and stranger.status() != psutil.STATUS_ZOMBIE


def test_a_server_can_be_found_by_its_command_line_from_the_first_moment_on(world: World, wanted: Resource) -> None:
    for _ in range(5):
        pending = world.kinds["server"].begin(world.step(Action.create, wanted))
        assert len(world.servers) == 1

        world.servers[0].kill()
        assert isinstance(world.wait(pending), Failed)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"pid": 1}', b'{"pid": "x", "unheard": 1}'])
def test_a_record_that_cannot_be_read_proves_nothing(world: World, content: bytes) -> None:
    directory = world.root / "shop.default.fraud.local"
    directory.mkdir(parents=True)
    (directory / "server.json").write_bytes(content)

    ref = Ref(kind="server", id=directory.name)
    assert world.kinds["server"].read([ref]) == {}


def test_a_port_in_use_is_an_error_that_names_the_port_its_holder_and_the_remedy(
    new_world: Callable[..., World], model: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        world = new_world(settings=LocalSettings(ports={"fraud": port}))
        wanted = next(r for r in world.compile(model).resources if r.address.kind == "server")

        ended = world.drive(world.step(Action.create, wanted))

    assert isinstance(ended, Failed)
    assert f"127.0.0.1:{port} is in use by" in ended.detail
    assert f"pid {os.getpid()}" in ended.detail
    assert "ports" in ended.remedy
    assert not world.servers
    assert not world.files


def test_the_port_of_the_settings_is_the_servers(new_world: Callable[..., World], model: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    world = new_world(settings=LocalSettings(ports={"fraud": port}))
    wanted = next(r for r in world.compile(model).resources if r.address.kind == "server")

    live = world.reach(wanted)

    assert live.properties["url"] == f"http://127.0.0.1:{port}"
    assert world.kinds["server"].managed(wanted, live)["port"] == port


def test_a_server_that_dies_at_its_start_fails_with_its_last_words(world: World, wanted: Resource) -> None:
    broken = replace(wanted, properties={**wanted.properties, "host": "203.0.113.1"})

    ended = world.drive(world.step(Action.create, broken))

    assert isinstance(ended, Failed)
    assert "203.0.113.1" in ended.detail
    assert not world.servers


def test_a_server_that_ignores_its_end_is_killed_after_its_grace(world: World, wanted: Resource) -> None:
    live = world.reach(replace(wanted, properties={**wanted.properties, "grace_s": 0.0}))
    psutil.Process(live.properties["pid"]).suspend()
    pending = world.kinds["server"].begin(world.removal(wanted.address))
    patient = world.connect()["server"].poll(pending)
    late = replace(pending, token=json.dumps({**json.loads(pending.token), "since": 0.0}))

    assert isinstance(patient, Running)
    assert isinstance(world.wait(late), Done)
    assert not world.servers
    assert not world.files


def test_a_server_whose_control_socket_is_gone_has_failed_and_is_to_be_replaced(world: World, wanted: Resource) -> None:
    live = world.reach(wanted)
    (Path(live.properties["directory"]) / "control.sock").unlink()

    silent = world.again("server")

    assert silent is not None
    assert world.kinds["server"].health(wanted, silent).status is HealthStatus.failed
    assert world.kinds["server"].managed(wanted, silent)["answers"] is False


def test_a_server_that_is_ending_is_not_adopted(world: World, wanted: Resource) -> None:
    live = world.reach(wanted)
    # The last thing that an ending server does before it exits.
    (Path(live.properties["directory"]) / "control.sock").unlink()

    with pytest.raises(TransientProviderError) as refused:
        world.drive(world.step(Action.create, wanted))

    assert refused.value.diagnostics[0].slug == "server-ending"


def test_to_delete_what_is_absent_succeeds(world: World, wanted: Resource) -> None:
    world.reach(wanted)
    step = world.removal(wanted.address)

    assert isinstance(world.drive(step), Done)
    assert isinstance(world.drive(step), Done)
