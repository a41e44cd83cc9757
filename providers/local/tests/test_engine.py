"""The engine that a recipe names serves, with the options that the recipe gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infractl.domain.action import Action
from infractl.domain.precision import Precision
from infractl.domain.recipe import Recipe
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled
from infractl.domain.step import Failed
from infractl_local.provider import provider

if TYPE_CHECKING:
    from conftest import Question, World

pytest.importorskip("openvino", reason="the extra openvino is not installed")


@pytest.fixture
def compiled(world: World, model: Path, new_deployment: Callable[..., Deployment]) -> Callable[..., Compiled]:
    """The model as this recipe's artifact."""

    def compile_with(**options: str) -> Compiled:
        recipe = Recipe(name="fp32", dtype=Precision.fp32, passes=(), engine="openvino", options=options)
        given = new_deployment(world.shelf.put(model), model.stat().st_size)
        stable = replace(given.stable, artifact=replace(given.stable.artifact, recipe=recipe))
        return provider.compile(replace(given, stable=stable), world.target)

    return compile_with


def test_a_server_answers_by_openvino_what_onnx_runtime_answers(
    world: World, model: Path, question: Question, compiled: Callable[..., Compiled]
) -> None:
    wanted = compiled(INFERENCE_PRECISION_HINT="f32")

    world.apply(wanted)

    live = world.again("route")
    assert live is not None
    assert (live.properties["engine"], live.properties["options"]) == ("openvino", {"INFERENCE_PRECISION_HINT": "f32"})
    assert world.ask(question) == pytest.approx(question.expected(model).expected, rel=1e-4, abs=1e-5)
    route = world.resolved(wanted.resources[2])
    assert world.kinds["route"].managed(route, live) == route.properties


def test_other_options_are_another_release(world: World, compiled: Callable[..., Compiled]) -> None:
    world.apply(compiled())
    before = world.one("route").properties

    world.apply(compiled(PERFORMANCE_HINT="THROUGHPUT"))

    after = world.one("route").properties
    assert "options" not in before and after["options"] == {"PERFORMANCE_HINT": "THROUGHPUT"}
    assert after["release"] != before["release"]


def test_options_that_the_engine_does_not_have_are_told_as_the_reason(world: World, compiled: Callable[..., Compiled]) -> None:
    artifact, server, route = compiled(SPEED="high").resources
    world.reach(artifact)
    world.reach(server)

    ended = world.drive(world.step(Action.create, world.resolved(route)))

    assert isinstance(ended, Failed)
    assert "Unsupported property SPEED" in ended.detail
