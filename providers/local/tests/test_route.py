"""The kind `route`: which release answers, and what stays when one cannot."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infractl.domain.action import Action
from infractl.domain.health import HealthStatus
from infractl.domain.resource import Resource
from infractl.domain.step import Done, Failed
from infractl.errors import ProviderError
from infractl.protocol.control import Control

if TYPE_CHECKING:
    from conftest import Question, World


def test_a_release_that_cannot_be_loaded_leaves_the_old_one_answering(
    world: World, model: Path, tmp_path: Path, question: Question
) -> None:
    world.apply(world.compile(model, "1"))
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model at all")
    artifact, _, route = world.compile(broken, "2").resources
    world.reach(artifact)

    ended = world.drive(world.step(Action.update, world.resolved(route)))

    assert isinstance(ended, Failed)
    assert "version 2 cannot be loaded" in ended.detail
    assert ended.live == "version 1 still answers"
    assert world.ask(question) == question.expected(model)
    assert [r.settings.version for r in control(world).status().releases] == ["1"]


def test_another_configuration_of_the_same_model_is_another_release(world: World, model: Path, question: Question) -> None:
    world.apply(world.compile(model, "1", max_batch=1))
    before = world.one("route").properties["release"]

    world.apply(world.compile(model, "1", max_batch=2))

    assert world.one("route").properties["release"] != before
    assert world.one("route").properties["config"]["max_batch"] == 2
    assert world.ask(question) == question.expected(model)


def test_what_was_left_beside_the_active_release_is_unloaded_by_the_next_update(
    world: World, model: Path, second_model: Path
) -> None:
    compiled = world.compile(model, "1")
    world.apply(compiled)
    artifact, _, route = world.compile(second_model, "2").resources
    world.reach(artifact)
    world.kinds["route"].begin(world.step(Action.update, world.resolved(route)))

    assert isinstance(world.drive(world.step(Action.update, world.resolved(compiled.resources[2]))), Done)

    assert [r.settings.version for r in control(world).status().releases] == ["1"]


def test_a_deleted_route_leaves_a_server_without_releases(world: World, model: Path) -> None:
    world.apply(world.compile(model))

    world.delete(route_of(world))

    assert control(world).status().releases == ()
    assert world.kinds["route"].find(world.owner) == []
    assert world.again("server") is not None


def test_a_route_of_a_dead_server_is_absent_and_its_deletion_succeeds(world: World, model: Path) -> None:
    world.apply(world.compile(model))
    [process] = world.servers
    process.kill()
    process.wait(10)

    assert world.again("route") is None
    world.delete(route_of(world))


def test_a_route_of_a_server_that_is_ending_is_absent(world: World, model: Path) -> None:
    world.apply(world.compile(model))
    (Path(world.one("server").properties["directory"]) / "control.sock").unlink()

    assert world.again("route") is None


def test_a_server_that_ends_while_a_release_loads_is_a_failure_that_says_so(
    world: World, model: Path, second_model: Path
) -> None:
    world.apply(world.compile(model, "1"))
    artifact, _, route = world.compile(second_model, "2").resources
    world.reach(artifact)
    pending = world.kinds["route"].begin(world.step(Action.update, world.resolved(route)))
    [process] = world.servers
    process.kill()
    process.wait(10)

    ended = world.wait(pending)

    assert isinstance(ended, Failed)
    assert "the server ended" in ended.detail
    assert ended.live == "no version answers"


def test_a_route_without_a_server_is_refused(world: World, model: Path) -> None:
    route = world.compile(model).resources[2]
    wanted = replace(route, properties={**route.properties, "server": "1-2.0"})

    with pytest.raises(ProviderError) as refused:
        world.drive(world.step(Action.create, wanted))

    assert refused.value.diagnostics[0].slug == "server-absent"


def test_another_release_than_the_wanted_one_is_degraded(world: World, model: Path) -> None:
    world.apply(world.compile(model, "1"))
    other: Resource = world.resolved(world.compile(model, "2").resources[2])

    health = world.kinds["route"].health(other, world.one("route"))

    assert health.status is HealthStatus.degraded
    assert "version 1" in health.reason


def control(world: World) -> Control:
    return Control(Path(world.one("server").properties["directory"]) / "control.sock")


def route_of(world: World):
    return next(address for address in world.live if address.kind == "route")
