"""What the plugin says of itself: how it is found, its settings, this machine as an offer, and what it compiles."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from infractl.domain.offer import Purchase
from infractl.domain.unknown import Unknown
from infractl.domain.value import Blob, outputs_in
from infractl.errors import ProviderError
from infractl.provider import registry
from infractl.provider.capability import Invokes, Logs, Measures
from infractl_local.directory import write_private
from infractl_local.provider import provider
from infractl_local.settings import LocalSettings

if TYPE_CHECKING:
    from conftest import World


def test_it_is_found_by_its_entry_point() -> None:
    assert registry.load("local") is provider


def test_its_kinds_offer_what_they_can(world: World) -> None:
    assert set(world.kinds) == set(provider.kinds) == {"artifact", "server", "route"}
    assert isinstance(world.kinds["route"], Invokes) and isinstance(world.kinds["route"], Measures)
    assert isinstance(world.kinds["server"], Logs)


def test_this_machine_is_the_one_offer_and_its_speed_is_unknown(world: World) -> None:
    [offer] = provider.offers(world.target)

    assert (offer.name, offer.target, offer.count, offer.purchase, offer.tariff) == (
        "this machine",
        "local",
        1,
        Purchase.owned,
        (),
    )
    assert offer.chip.cores == len(os.sched_getaffinity(0))
    assert offer.chip.name.endswith(f" x{offer.chip.cores}")
    assert isinstance(offer.chip.bandwidth_bytes_per_s, Unknown)
    assert offer.host_memory_bytes == os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


@pytest.mark.parametrize(
    "options",
    [
        {"host": "0.0.0.0"},
        {"host": "192.168.1.4"},
        {"host": "example.org"},
        {"ports": {"fraud": 80}},
        {"ports": {"fraud": 70000}},
        {"ports": {"fraud": 8001, "churn": 8001}},
        {"prots": {}},
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LocalSettings.model_validate(options)


def test_a_host_that_others_reach_is_told_at_the_host_with_what_is_allowed() -> None:
    with pytest.raises(ValidationError) as raised:
        LocalSettings.model_validate({"host": "0.0.0.0"})

    (error,) = raised.value.errors()
    assert error["loc"] == ("host",)
    assert "write 127.0.0.1, ::1 or localhost, or add expose: true" in error["msg"]


@pytest.mark.parametrize(
    "options", [{}, {"host": "::1"}, {"host": "127.0.0.2"}, {"host": "localhost"}, {"host": "0.0.0.0", "expose": True}]
)
def test_loopback_is_always_fine_and_more_when_it_is_exposed(options: dict[str, object]) -> None:
    assert LocalSettings.model_validate(options)


def test_a_deployment_becomes_a_copy_a_server_and_a_route_that_needs_both(world: World, model: Path) -> None:
    compiled = world.compile(model)

    artifact, server, route = compiled.resources
    [digest] = world.shelf.files
    assert artifact.address.name == digest[:12]
    assert artifact.properties["digest"] == Blob(digest)
    assert set(route.depends_on) == {artifact.address, server.address}
    assert {output.address for output in outputs_in(route.properties)} == {server.address}
    assert (server.properties["port"], route.properties["digest"]) == ("any", digest)
    assert {output.address for output in outputs_in(compiled.outputs)} == {route.address}
    assert compiled.outputs["model"] == "fraud"


def test_a_candidate_beside_the_stable_release_is_not_offered(world: World, model: Path, new_deployment) -> None:
    deployment = new_deployment("0" * 64, 10)

    with pytest.raises(ProviderError) as refused:
        provider.compile(replace(deployment, candidate=deployment.stable, share=0.1), world.target)

    assert refused.value.diagnostics[0].slug == "rollout-not-offered"


def test_what_it_writes_into_a_project_is_hidden_from_git(tmp_path: Path) -> None:
    """Also where state and artifacts are kept elsewhere, so that nothing else made the directory."""
    write_private(tmp_path / ".infractl" / "run" / "shop.default.fraud.local" / "settings.json", b"{}")

    assert (tmp_path / ".infractl" / ".gitignore").read_text().splitlines()[-1] == "*"
