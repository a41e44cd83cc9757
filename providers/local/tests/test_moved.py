"""A project that was moved to another folder keeps its servers; a copy of it has none of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from infractl.domain.health import HealthStatus

if TYPE_CHECKING:
    from conftest import Question, World


@pytest.fixture
def moved(world: World, model: Path, tmp_path: Path) -> World:
    """A service that serves, and whose project lies elsewhere now."""
    world.apply(world.compile(model))
    there = tmp_path / "moved"
    world.root.rename(there)
    world.root = there
    world.kinds = world.connect()
    return world


def test_its_server_is_the_same_and_well(moved: World, model: Path) -> None:
    before, live = moved.one("server"), moved.again("server")

    assert live is not None
    assert (live.labels, live.properties["instance"]) == (before.labels, before.properties["instance"])
    wanted = next(r for r in moved.compile(model).resources if r.address.kind == "server")
    assert moved.kinds["server"].health(wanted, live).status is HealthStatus.healthy
    assert moved.again("route") is not None


def test_the_next_version_is_served_by_it(moved: World, second_model: Path, question: Question) -> None:
    before = moved.one("server").properties["instance"]

    moved.apply(moved.compile(second_model, version="2"))

    assert moved.ask(question) == question.expected(second_model)
    assert moved.one("server").properties["instance"] == before


def test_a_destroy_ends_it(moved: World) -> None:
    server = psutil.Process(moved.one("server").properties["pid"])

    moved.destroy()

    # It may be on its last instructions still.
    server.wait(10)
    assert not moved.files


def test_a_copy_has_none_of_it(world: World, model: Path, tmp_path: Path) -> None:
    world.apply(world.compile(model))
    there = tmp_path / "copy"
    shutil.copytree(world.root, there, ignore=shutil.ignore_patterns("*.sock"))
    original, world.root = world.root, there

    copied = world.connect()["server"].find(world.owner)

    world.root = original
    assert not copied
    assert world.again("server") is not None
