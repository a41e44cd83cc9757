"""`--target`, `--replace` and `--refresh-only`: a plan does what was asked for, and what it leaves out is still to be done.

The command line runs in this process, at the example of a provider whose objects are files: a model, and a note that names it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infractl.cli.main import main
from infractl.testing.plugin import register

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom-provider"
YES = "--auto-approve"


@dataclass
class Shelf:
    """A project with the applied service `scores` and, where it is written, others."""

    folder: Any
    capture: pytest.CaptureFixture[str]

    def run(self, *words: str, code: int = 0) -> str:
        """What it says on both streams."""
        with pytest.raises(SystemExit) as end:
            main(words)
        said = self.capture.readouterr()
        assert end.value.code == code, said
        return said.out + said.err

    def plan(self, *words: str) -> Any:
        with pytest.raises(SystemExit):
            main(["plan", "--json", *words])
        return json.loads(self.capture.readouterr().out)["plan"]

    def actions(self, *words: str) -> dict[str, str]:
        """What a plan does, by kind."""
        changes = [c for s in self.plan(*words)["services"] for c in s["changes"]]
        return {c["address"]["kind"]: c["action"] for c in changes if c["action"] != "no-op"}

    def states(self, service: str = "scores") -> Any:
        return json.loads(self.run("state", "show", service, "--json"))

    def file(self, kind: str) -> Path:
        (found,) = (self.folder.path / "served").glob(f"{kind}-*.json")
        return Path(found)

    def properties(self, kind: str) -> dict[str, Any]:
        properties: dict[str, Any] = json.loads(self.file(kind).read_text())["properties"]
        return properties

    def edit(self, kind: str, **changed: Any) -> None:
        content = json.loads(self.file(kind).read_text())
        content["properties"].update(changed)
        self.file(kind).write_text(json.dumps(content))


@pytest.fixture
def shelf(folder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shelf:
    register(tmp_path / "plugins", "folder", "infractl_folder.provider:provider")
    for path in (EXAMPLE, tmp_path / "plugins"):
        monkeypatch.syspath_prepend(str(path))
    monkeypatch.setenv("INFRACTL_CACHE", folder.environment["INFRACTL_CACHE"])
    monkeypatch.chdir(folder.path)
    target = "targets: {shelf: {provider: folder, path: served}}\n"
    (folder.path / "infractl.yaml").write_text(f"project: testing\n{target}")
    folder.write()
    shelf = Shelf(folder, capsys)
    shelf.run("apply", YES)
    return shelf


@pytest.fixture
def changed(shelf: Shelf) -> Shelf:
    """Release 2 is declared, with another model: a model and its deletion, and a note that turns to it."""
    shelf.folder.write(uri="two.onnx", version="2")
    return shelf


def model_of(shelf: Shelf) -> str:
    """The address of the new model."""
    changes = [c for s in shelf.plan()["services"] for c in s["changes"]]
    (name,) = [c["address"]["name"] for c in changes if c["action"] == "create"]
    return f"scores.model.{name}"


def test_a_target_is_applied_alone_and_the_next_plan_shows_the_rest(changed: Shelf) -> None:
    before, target = changed.states(), model_of(changed)

    said = changed.run("apply", "--target", target, YES)

    assert "scores: version 1 -> 2 at shelf in part\n" in said
    assert "Note: scores: --target leaves out what else is to change: scores.note.main, scores.model." in said
    assert "Plan: 1 to create." in said
    after = changed.states()
    assert (after["spec_digest"], after["deployment"]) == (before["spec_digest"], before["deployment"])
    assert len(after["resources"]) == 3 and changed.properties("note")["version"] == "1"
    assert changed.actions() == {"note": "update", "model": "delete"}
    assert "declared differently from what was applied" in changed.run("status")
    changed.run("apply", YES)
    assert changed.run("plan").startswith("No changes.")
    assert changed.states()["deployment"]["stable"]["version"] == "2"


def test_a_target_comes_with_what_it_needs(changed: Shelf) -> None:
    assert changed.actions("--target", "scores.note.main") == {"note": "update", "model": "create"}


def test_a_target_to_which_nothing_happens_says_so_and_names_the_rest(shelf: Shelf) -> None:
    shelf.edit("note", version="7")
    (name,) = [r["address"]["name"] for r in shelf.states()["resources"] if r["address"]["kind"] == "model"]

    said = shelf.run("plan", "--target", f"scores.model.{name}", "--detailed-exitcode")

    assert "--target leaves out what else is to change: scores.note.main" in said
    assert "No changes to what --target names." in said


def test_a_service_as_a_target_leaves_the_others_alone_and_is_applied_whole(changed: Shelf) -> None:
    changed.folder.write(name="other")
    changed.folder.write(name="third")

    said = changed.run("apply", "--target", "scores", YES)

    assert "Note: testing: --target leaves out other services: other, third" in said
    assert changed.states()["deployment"]["stable"]["version"] == "2"
    assert "other" not in changed.run("state", "list")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["plan", "--target", "scores.note.mian"], "did you mean scores.note.main?"),
        (["apply", "--target", "score", YES], "did you mean scores?"),
        (["destroy", "--target", "scores.nte.main", YES], "did you mean scores.note.main?"),
        (["plan", "--replace", "scores.note.mian"], "did you mean scores.note.main?"),
        (["plan", "--replace", "scores"], "name a service, or one of its objects as service.kind.name: scores.model."),
        (["apply", "--refresh-only", "--target", "scors.note.main", YES], "did you mean scores.note.main?"),
    ],
)
def test_a_misspelt_address_is_refused_with_what_was_meant(shelf: Shelf, words: list[str], meant: str) -> None:
    files = shelf.file("note").read_text()

    said = shelf.run(*words, code=1)

    assert "error[target-unknown]" in said
    assert meant in said
    assert shelf.file("note").read_text() == files


def test_what_is_to_be_replaced_cannot_be_left_out(changed: Shelf) -> None:
    model = model_of(changed)
    changed.folder.write(name="other")

    for target in (model, "other"):
        said = changed.run("plan", "--target", target, "--replace", "scores.note.main", code=1)

        assert "error[replace-left-out]" in said
        assert "add --target scores.note.main" in said


def test_a_part_of_a_service_is_destroyed_and_the_rest_stays_recorded(shelf: Shelf) -> None:
    said = shelf.run("destroy", "--target", "scores.note.main", YES)

    assert "scores: version 1 will be destroyed in part" in said
    assert [r["address"]["kind"] for r in shelf.states()["resources"]] == ["model"]
    assert shelf.states()["deployment"]["stable"]["version"] == "1"
    shelf.run("destroy", YES)
    assert shelf.run("state", "list") == ""
    assert [p for p in (shelf.folder.path / "served").iterdir() if not p.name.startswith(".")] == []


def test_what_is_to_go_takes_with_it_what_depends_on_it(shelf: Shelf) -> None:
    model = next(r["address"]["name"] for r in shelf.states()["resources"] if r["address"]["kind"] == "model")

    shelf.run("destroy", "--target", f"scores.model.{model}", YES)

    assert "No changes. There is nothing to do" in shelf.run("destroy", YES)


def test_what_is_asked_to_be_replaced_is_made_anew_with_what_turns_to_it(shelf: Shelf) -> None:
    model = next(r["address"]["name"] for r in shelf.states()["resources"] if r["address"]["kind"] == "model")
    address = f"scores.model.{model}"
    made = shelf.file("model").stat().st_mtime_ns

    said = shelf.run("apply", "--replace", address, "--target", address, YES)

    assert f"# {address} must be replaced: asked for\n" in said
    assert "scores.note.main will be updated in place: what it refers to is made anew: model" in said
    assert shelf.file("model").stat().st_mtime_ns != made
    assert shelf.run("plan").startswith("No changes.")


def test_drift_is_taken_over_into_the_record_and_nothing_that_lives_is_touched(shelf: Shelf) -> None:
    shelf.edit("note", version="7", by="hand")
    files, before = shelf.file("note").read_text(), shelf.states()

    said = shelf.run("apply", "--refresh-only", YES)

    assert "scores: what lives is recorded, and not touched" in said
    assert "# scores.note.main is there and will be recorded: it was changed outside infractl: by, version" in said
    assert '+ by      = "hand"' in said and '~ version = "1" -> "7"' in said and "predicted" not in said
    after = shelf.states()
    (note,) = [r for r in after["resources"] if r["address"]["kind"] == "note"]
    assert (note["properties"]["version"], note["properties"]["by"]) == ("7", "hand")
    assert (after["deployment"], after["spec_digest"], after["outputs"]) == (
        before["deployment"],
        before["spec_digest"],
        before["outputs"],
    )
    assert shelf.file("note").read_text() == files
    assert shelf.run("drift").startswith("No drift.")
    assert shelf.run("plan", "--refresh-only") == "No changes. 1 service with 2 resources as recorded.\n"
    assert shelf.actions() == {"note": "update"}, "what is declared did not change"


def test_drift_that_was_taken_over_is_given_back_by_the_command_that_the_refresh_ends_with(shelf: Shelf) -> None:
    before = shelf.states()
    shelf.edit("note", version="7")

    said = shelf.run("apply", "--refresh-only", YES)
    (undo,) = re.findall(r"^To take this back: infractl (.+)$", said, re.MULTILINE)
    shelf.run(*undo.split(), YES)

    assert shelf.states()["resources"] == before["resources"]
    shelf.run("drift", code=2)


def test_what_was_deleted_is_forgotten_by_a_refresh_and_made_again_by_the_next_apply(shelf: Shelf) -> None:
    shelf.file("note").unlink()

    said = shelf.run("apply", "--refresh-only", YES)

    assert "scores.note.main is gone and will be dropped from the state: it was deleted outside infractl" in said
    assert [r["address"]["kind"] for r in shelf.states()["resources"]] == ["model"]
    assert shelf.actions() == {"note": "create"}


def test_a_refresh_reads_no_model(shelf: Shelf) -> None:
    shelf.edit("note", version="7")
    (shelf.folder.path / "one.onnx").write_bytes(b"broken")

    assert "1 to adopt" in shelf.run("apply", "--refresh-only", YES)


@pytest.mark.parametrize("option", [["--target"], ["--replace"], ["--refresh-only"]], ids=lambda words: words[0])
def test_a_saved_plan_does_what_was_asked_for_when_it_was_made(shelf: Shelf, option: list[str]) -> None:
    if option == ["--refresh-only"]:
        shelf.edit("note", version="7")
        words = option
    else:
        shelf.folder.write(version="2", uri="two.onnx")
        words = [*option, model_of(shelf) if option == ["--target"] else "scores.note.main"]
    previewed = shelf.run("plan", *words, "--out", "plan.json")
    refused = shelf.run("apply", "plan.json", *words, code=1)

    said = shelf.run("apply", "plan.json")

    assert "plan-shaped" in refused
    (conclusion,) = re.findall(r"Plan: .+\.\n", previewed)
    assert conclusion in said
    state = shelf.states()
    assert state["deployment"]["stable"]["version"] == ("2" if option == ["--replace"] else "1")


def test_a_refresh_touches_nothing_so_that_it_cannot_make_something_anew(shelf: Shelf) -> None:
    assert "options-together" in shelf.run("plan", "--refresh-only", "--replace", "scores.note.main", code=1)
