"""A service whose record is damaged, or which cannot be read, hides no other, and all of them are told at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from infractl.domain.action import Action
from infractl.domain.journal import Intent
from infractl.testing.plugin import register

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "custom-provider"
"""The template for plugin authors."""


def test_what_is_not_damaged_is_shown_and_all_that_is_is_told_at_once(damaged: Any) -> None:
    for command in (("status",), ("status", "--json"), ("drift",), ("state", "list"), ("state", "list", "--json")):
        shown = damaged.run(*command, code=1)

        assert "No drift. 1 service" in shown.stdout or "well" in shown.stdout
        assert shown.stderr.count("error[state-empty]") == shown.stderr.count("error[state-foreign]") == 1
        assert shown.stderr.count("error[") == 2


@pytest.mark.parametrize(
    "words", [("plan",), ("apply", "--auto-approve"), ("apply", "--refresh-only"), ("destroy", "--auto-approve")]
)
def test_nothing_is_changed_where_some_are_damaged_and_all_of_them_are_told(damaged: Any, words: tuple[str, ...]) -> None:
    begun = damaged.begun()
    damaged.write("well", "two.onnx", "2")

    refused = damaged.run(*words, code=1).stderr

    assert refused.count("error[state-empty]") == refused.count("error[state-foreign]") == 1
    assert refused.count("error[") == 2
    assert damaged.begun() == begun


def test_what_an_earlier_run_left_open_is_settled_beside_damaged_ones(damaged: Any) -> None:
    state = damaged.state("well")
    lease = damaged.store().lock(state.key, "a test")
    address = state.resources[0].address
    intent = Intent(
        step="s",
        action=Action.update,
        address=address,
        target="there",
        desired=None,
        prior=state.resources[0].ref,
        at=state.changed_at,
    )
    damaged.store().append(state.key, lease.epoch, intent)
    lease.release()

    damaged.run("apply", "--auto-approve", code=1)

    assert damaged.store().entries(state.key) == ()


def test_where_all_are_damaged_nobody_is_told_that_nothing_is_recorded(damaged: Any) -> None:
    for command in ("status", "drift"):
        shown = damaged.run(command, "--service", "ill", "--service", "worse", code=1)
        assert shown.stdout == "" and "state-empty" in shown.stderr


def test_a_service_that_its_provider_cannot_be_asked_of_hides_no_other(scene: Any) -> None:
    settings = (scene.path / "infractl.yaml").read_text()
    there = settings[settings.index("{there: ") + len("{there: ") : settings.index("}}") + 1]
    (scene.path / "infractl.yaml").write_text(settings.replace("{there: ", f"{{gone: {there}, there: "))
    scene.write("ill", extra="  targets: [gone]\n")
    scene.write("well", extra="  targets: [there]\n")
    scene.apply()
    (scene.path / "infractl.yaml").write_text(settings)
    (scene.path / "ill.yaml").unlink()

    for command in ("status", "drift"):
        shown = scene.run(command, code=1)

        assert "No drift. 1 service" in shown.stdout or "well: healthy" in shown.stdout
        assert shown.stderr.count("error[target-missing]") == shown.stderr.count("testing/default/ill") == 1


@pytest.fixture
def damaged(scene: Any) -> Any:
    """Three services that run, of which two have lost their documents in two ways."""
    for name in ("ill", "worse", "well"):
        scene.write(name)
    scene.apply()
    for name, content in (("ill", b""), ("worse", b"[]")):
        (scene.path / ".infractl/state/testing/default" / name / "state.json").write_bytes(content)
    return scene


COMMANDS = (("plan",), ("apply", "--auto-approve"), ("apply", "--refresh-only"), ("destroy", "--auto-approve"))


@pytest.mark.parametrize("words", COMMANDS)
def test_a_target_that_is_declared_no_more_stops_a_change_and_all_the_services_there_are_named(
    damaged: Any, words: tuple[str, ...]
) -> None:
    project = damaged.path / "infractl.yaml"
    for name in ("lone", "twin"):
        damaged.write(name)
    damaged.run("apply", "--auto-approve", "--service", "lone", "--service", "twin")
    project.write_text(project.read_text().replace("there:", "elsewhere:"))
    begun = damaged.begun()

    refused = damaged.run(*words, code=1).stderr

    assert "--> testing/default/lone, testing/default/twin, testing/default/well\n" in refused
    assert "infractl state rm SERVICE" in refused
    assert [refused.count(f"error[{slug}]") for slug in ("target-missing", "state-empty", "state-foreign")] == [1, 1, 1]
    assert damaged.begun() == begun


@pytest.mark.parametrize("words", COMMANDS)
def test_an_object_that_cannot_be_read_stops_a_change_and_is_named_by_its_address(folder: Any, words: tuple[str, ...]) -> None:
    notes = sorted((folder.path / "served").glob("note-*.json"))
    notes[0].write_text('{"labels": ')
    notes[2].write_text('{"labels": ')
    before = {path: path.read_bytes() for path in (folder.path / "served").iterdir()}
    owners = [name for name in ("a", "b", "c") for note in (notes[0], notes[2]) if _recorded_note(folder, name) == note.stem]

    refused = folder.run(*words, code=1).stderr

    assert refused.count("error[folder-file]") == refused.count("error[") == 2
    assert all(f"--> {name}.note." in refused for name in owners) and len(owners) == 2
    assert str(notes[0]) in refused and "a damaged record: remove it" in refused
    assert {path: path.read_bytes() for path in (folder.path / "served").iterdir()} == before


def test_a_torn_record_at_the_example_s_provider_hides_no_other_service(folder: Any) -> None:
    (folder.path / "served" / f"{_recorded_note(folder, 'a')}.json").write_text("")

    shown = folder.run("drift", code=1)

    assert "No drift. 2 services" in shown.stdout
    assert shown.stderr.count("error[") == 1 and "--> a.note." in shown.stderr


def _recorded_note(folder: Any, service: str) -> str:
    (note,) = [r.ref.id for r in folder.state(service).resources if r.address.kind == "note"]
    return str(note)


@pytest.fixture
def folder(scene: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Three services at the provider that is the template for plugin authors."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    monkeypatch.syspath_prepend(str(register(scene.path.parent / "plugins", "folder", "infractl_folder.provider:provider")))
    (scene.path / "infractl.yaml").write_text("project: testing\ntargets: {here: {provider: folder, path: served}}\n")
    for name in ("a", "b", "c"):
        scene.write(name)
    scene.apply()
    return scene
