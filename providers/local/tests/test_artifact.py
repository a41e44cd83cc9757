"""The kind `artifact`: a copy whose content is its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infractl.domain.action import Action
from infractl.domain.health import HealthStatus
from infractl.domain.resource import Resource
from infractl.domain.step import Done
from infractl.errors import ProviderError

if TYPE_CHECKING:
    from conftest import World


@pytest.fixture
def wanted(world: World, model: Path) -> Resource:
    return world.compile(model).resources[0]


def test_a_copy_has_the_models_content_and_is_read_back_as_wanted(world: World, wanted: Resource, model: Path) -> None:
    live = world.reach(wanted)

    assert Path(live.properties["path"]).read_bytes() == model.read_bytes()
    assert world.kinds["artifact"].managed(wanted, live) == wanted.properties
    assert world.owner.owns(live.labels) == wanted.address


@pytest.mark.parametrize("damage", ["grown", "changed", "missing"])
def test_a_damaged_copy_differs_from_what_is_wanted_and_can_be_replaced(world: World, wanted: Resource, damage: str) -> None:
    copy = Path(world.reach(wanted).properties["path"])
    content = copy.read_bytes()
    match damage:
        case "grown":
            copy.write_bytes(content + b"x")
        case "changed":
            copy.write_bytes(bytes([content[0] ^ 1]) + content[1:])
        case "missing":
            copy.unlink()

    damaged = world.again("artifact")

    assert damaged is not None
    assert world.kinds["artifact"].managed(wanted, damaged) != wanted.properties
    assert world.kinds["artifact"].health(wanted, damaged).status is HealthStatus.failed
    world.delete(wanted.address)
    assert world.kinds["artifact"].managed(wanted, world.reach(wanted)) == wanted.properties


def test_a_damaged_copy_is_mended_by_a_create(world: World, wanted: Resource, model: Path) -> None:
    copy = Path(world.reach(wanted).properties["path"])
    copy.write_bytes(b"damaged")

    assert isinstance(world.drive(world.step(Action.create, wanted)), Done)

    assert copy.read_bytes() == model.read_bytes()


def test_a_source_that_no_longer_has_its_digest_is_refused_and_leaves_nothing(
    world: World, wanted: Resource, model: Path
) -> None:
    model.write_bytes(b"another model")

    with pytest.raises(ProviderError) as refused:
        world.drive(world.step(Action.create, wanted))

    assert refused.value.diagnostics[0].slug == "artifact-changed"
    assert not [path for path in world.files if path.is_file()]


def test_a_source_that_cannot_be_read_is_an_error_that_names_it(world: World, wanted: Resource, model: Path) -> None:
    model.unlink()

    with pytest.raises(ProviderError, match=model.name) as refused:
        world.drive(world.step(Action.create, wanted))

    assert refused.value.diagnostics[0].slug == "artifact-copy"


def test_a_copy_of_another_lineage_is_refused_and_not_deleted(
    world: World, new_world: Callable[..., World], wanted: Resource
) -> None:
    live = world.reach(wanted)
    other = new_world(lineage="lineage-2")
    other.shelf = world.shelf

    with pytest.raises(ProviderError) as refused:
        other.drive(other.step(Action.create, wanted))
    other.live[wanted.address] = live
    other.delete(wanted.address)

    assert refused.value.diagnostics[0].slug == "foreign-artifact"
    assert other.kinds["artifact"].find(other.owner) == []
    assert world.again("artifact") == live


def test_to_delete_the_last_copy_removes_the_directories(world: World, wanted: Resource) -> None:
    world.reach(wanted)
    step = world.removal(wanted.address)

    assert isinstance(world.drive(step), Done)
    assert isinstance(world.drive(step), Done)

    assert not world.files


def test_what_a_crash_left_of_a_copy_is_found_and_deleted(world: World, wanted: Resource) -> None:
    copy = Path(world.reach(wanted).properties["path"])
    copy.rename(copy.with_name(f"{copy.name}.partial"))

    [live] = world.connect()["artifact"].find(world.owner)
    world.live[wanted.address] = live
    world.delete(wanted.address)

    assert not world.files
