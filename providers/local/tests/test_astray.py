"""A server whose directory was deleted or changed under it: it is shown, replaced and destroyed, and never forgotten."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from infractl.domain.action import Action
from infractl.domain.health import HealthStatus
from infractl.domain.resource import Resource
from infractl.domain.step import Done
from infractl.errors import ProviderError
from infractl.planning.diff import Desired, KindView, diff
from infractl_local.provider import provider

if TYPE_CHECKING:
    from conftest import Question, World


@pytest.fixture
def astray(world: World, model: Path) -> World:
    """A service that serves, and whose directory is gone."""
    world.apply(world.compile(model))
    shutil.rmtree(world.one("server").properties["directory"])
    return world


@pytest.fixture
def wanted(world: World, model: Path) -> Resource:
    return next(r for r in world.compile(model).resources if r.address.kind == "server")


def test_it_is_shown_as_its_owners_and_as_failed(astray: World, wanted: Resource) -> None:
    before, live = astray.one("server"), astray.again("server")

    assert live is not None
    assert (live.labels, live.properties["instance"]) == (before.labels, before.properties["instance"])
    health = astray.kinds["server"].health(wanted, live)
    assert health.status is HealthStatus.failed
    assert "were removed or changed" in health.reason


def test_a_plan_replaces_it_and_adopts_nothing(astray: World, model: Path) -> None:
    desired = [Desired(resource=r, target="local") for r in astray.compile(model).resources]
    views = {("local", n): KindView(schema=provider.kinds[n], managed=k.managed) for n, k in astray.connect().items()}
    live = {address: live for address in astray.live if (live := astray.again(address.kind))}

    planned = {change.address.kind: change for change in diff(desired, [], live, views)}

    assert planned["server"].action is Action.replace
    assert [a.path for a in planned["server"].attributes] == ["answers"]
    assert planned["artifact"].action is planned["route"].action is Action.create


def test_another_apply_ends_it_and_serves_anew(astray: World, model: Path, question: Question) -> None:
    [old] = astray.servers
    astray.live.clear()

    astray.apply(astray.compile(model))

    assert astray.ask(question) == question.expected(model)
    assert old.pid not in {process.pid for process in astray.servers}
    assert len(astray.servers) == 1


def test_a_destroy_ends_it(astray: World) -> None:
    astray.destroy()

    assert not astray.servers
    assert not astray.files


def test_a_destroy_ends_it_where_the_new_artifact_lies_there_already(astray: World, model: Path) -> None:
    artifact = next(r for r in astray.compile(model).resources if r.address.kind == "artifact")
    astray.live.pop(artifact.address)
    astray.reach(artifact)

    astray.destroy()

    assert not astray.servers
    assert not astray.files


def test_a_new_state_may_end_it_since_no_file_names_another(
    astray: World, new_world: Callable[..., World], wanted: Resource
) -> None:
    [old] = astray.servers

    live = new_world(lineage="lineage-2").reach(wanted)

    assert [process.pid for process in astray.servers] == [live.properties["pid"]] != [old.pid]


def test_one_that_does_not_end_politely_is_killed(astray: World, wanted: Resource, rewrite: Callable[..., None]) -> None:
    [old] = astray.servers
    settings = Path(astray.one("server").properties["directory"]) / "settings.json"
    settings.parent.mkdir()
    settings.write_text(_settings(astray, grace_s=0.1))
    settings.with_name("server.json").write_text("{}")
    old.suspend()
    astray.live.clear()

    live = astray.reach(wanted)

    assert [process.pid for process in astray.servers] == [live.properties["pid"]] != [old.pid]


def test_a_lost_record_is_noticed_at_once_and_another_owners_files_are_respected(
    world: World, new_world: Callable[..., World], wanted: Resource
) -> None:
    live = world.reach(wanted)
    (Path(live.properties["directory"]) / "server.json").unlink()
    other = new_world(lineage="lineage-2")

    with pytest.raises(ProviderError) as refused:
        other.drive(other.step(Action.create, wanted))
    lost = world.again("server")
    world.live.clear()
    after = world.reach(wanted)

    assert refused.value.diagnostics[0].slug == "foreign-server"
    assert lost is not None and lost.properties["pid"] == live.properties["pid"]
    assert [process.pid for process in world.servers] == [after.properties["pid"]] != [live.properties["pid"]]


def test_one_that_was_told_nothing_is_still_ended(world: World, wanted: Resource, tmp_path: Path) -> None:
    """As an earlier version started them."""
    live = world.reach(wanted)
    directory = Path(live.properties["directory"])
    given = (directory / "settings.json").read_bytes()
    ended = world.drive(world.removal(wanted.address))
    assert isinstance(ended, Done)
    directory.mkdir()
    settings = directory / "settings.json"
    settings.write_bytes(given)
    with subprocess.Popen([sys.executable, "-m", "infractl.runtime", str(settings)], stderr=subprocess.DEVNULL) as process:
        _wait_for(directory / "server.json", psutil.Process(process.pid))
        shutil.rmtree(directory)
        assert world.kinds["server"].find(world.owner) == []

        after = world.reach(wanted)
        process.wait(20)

    assert [p.pid for p in world.servers] == [after.properties["pid"]]


def _settings(world: World, **changes: Any) -> str:
    live = world.one("server")
    document = {"service": "fraud", "host": "127.0.0.1", "port": 0, "directory": live.properties["directory"]}
    return json.dumps({**document, "labels": dict(live.labels), **changes})


def _wait_for(path: Path, process: psutil.Process) -> None:
    deadline_s = time.monotonic() + 30
    while not path.exists():
        assert process.is_running() and time.monotonic() < deadline_s, f"waited in vain for {path}"
        time.sleep(0.01)
