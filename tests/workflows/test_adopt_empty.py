"""A service whose state was lost is never made a second time: it is refused, or taken up again with `--adopt-empty`."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infractl.domain.address import Address, Owner, ServiceKey
from infractl.domain.step import Pending, Running
from infractl.errors import UnansweredError
from infractl.testing.reference.kind import ReferenceKind
from infractl.testing.sample_state import sample_entry

YES = "--auto-approve"
ADOPT = "--adopt-empty"


@pytest.fixture
def made(scene: Any) -> Any:
    """Applied twice, so that there is a history."""
    scene.write()
    scene.apply()
    scene.write(version="2")
    scene.apply()
    return scene


def directory(scene: Any) -> Path:
    return Path(scene.path / ".infractl/state/testing/default/scores")


def ids(scene: Any) -> set[str]:
    return {thing["id"] for kind in ("disk", "config", "endpoint") for thing in scene.lives(kind)}


def creates(scene: Any) -> int:
    return sum(begun.startswith("create") for begun in scene.begun())


def test_a_missing_document_beside_its_history_refuses_to_plan_and_names_both_ways_out(made: Any) -> None:
    (directory(made) / "state.json").unlink()

    for command in (("plan",), ("apply", YES)):
        refused = made.run(*command, code=1).stderr
        assert "state-missing" in refused and "cp " in refused and "infractl apply --adopt-empty" in refused


def test_a_service_begins_anew_with_its_lineage_and_all_that_carries_it(made: Any) -> None:
    before, made_before, lived = made.state(), creates(made), ids(made)
    (directory(made) / "state.json").unlink()
    kept = {path.name: path.read_bytes() for path in (directory(made) / "history").iterdir()}

    plan = made.run("plan", ADOPT).stdout
    assert "3 to adopt" in plan and "to create" not in plan and before.lineage in plan
    assert (directory(made) / "history").exists(), "a plan changes nothing"
    told = made.run("apply", ADOPT, YES).stderr

    assert made.state().lineage == before.lineage
    assert {r.ref for r in made.state().resources} == {r.ref for r in before.resources}
    assert (creates(made), ids(made)) == (made_before, lived)
    (aside,) = (directory(made) / "aside").iterdir()
    assert str(aside) in told
    assert {path.name: path.read_bytes() for path in (aside / "history").iterdir()} == kept
    assert "No changes." in made.run("plan").stdout


def test_a_damaged_document_without_a_good_version_is_moved_away_as_its_message_says_and_adopted(made: Any) -> None:
    lived = ids(made)
    (directory(made) / "state.json").write_bytes(b"")
    shutil.rmtree(directory(made) / "history")

    refused = made.run("plan", code=1).stderr
    remedy = re.search(r"move it away: (mv .*), then infractl plan --adopt-empty", refused)
    assert remedy, refused
    subprocess.run(shlex.split(remedy[1]), cwd=made.path, check=True)

    assert "3 to adopt" in made.run("plan", ADOPT).stdout
    made.run("apply", ADOPT, YES)
    assert ids(made) == lived


def test_a_directory_where_the_document_belongs_is_called_one(made: Any) -> None:
    document = directory(made) / "state.json"
    document.unlink()
    document.mkdir()

    refused = made.run("plan", code=1).stderr

    assert "state-unreadable" in refused and "it is a directory" in refused and f"{document}.damaged" in refused


def test_a_lineage_that_no_version_tells_is_read_from_the_journal(made: Any) -> None:
    before = made.state()
    lease = made.store().lock(before.key, "a test")
    entry = replace(sample_entry("create-endpoint"), target="there", address=before.resources[0].address)
    made.store().append(before.key, lease.epoch, entry)
    lease.release()
    (directory(made) / "state.json").unlink()
    shutil.rmtree(directory(made) / "history")

    assert "state-missing" in made.run("plan", code=1).stderr
    made.run("apply", ADOPT, YES)

    assert made.state().lineage == before.lineage


def test_where_the_whole_state_is_gone_nothing_is_made_a_second_time(made: Any) -> None:
    before, lived = made.state(), ids(made)
    shutil.rmtree(made.path / ".infractl" / "state")

    for command in (("plan",), ("apply", YES)):
        refused = made.run(*command, code=1).stderr
        assert "state-lost" in refused and before.lineage in refused and next(iter(lived)) in refused
    made.run("apply", ADOPT, YES)

    assert made.state().lineage == before.lineage
    assert ids(made) == lived
    assert "No changes." in made.run("plan").stdout


def test_a_plan_that_adopts_can_be_saved_and_applied(made: Any) -> None:
    before = made.state()
    (directory(made) / "state.json").unlink()
    made.run("plan", ADOPT, "--out", "plan.json")

    assert "state-missing" in made.run("apply", "plan.json", code=1).stderr
    made.run("apply", "plan.json", ADOPT)

    assert {r.ref for r in made.state().resources} == {r.ref for r in before.resources}


def test_objects_of_two_lives_are_not_mixed(made: Any) -> None:
    shutil.rmtree(made.path / ".infractl" / "state")
    (other,) = made.lives("endpoint")
    labels = {**other["labels"], "infractl-lineage": "another"}
    made.cloud.call("begin", action="create", kind="endpoint", key="x", labels=labels, properties={})

    refused = made.run("apply", ADOPT, YES, code=1).stderr

    assert "state-lives" in refused and "another" in refused and other["labels"]["infractl-lineage"] in refused


def test_a_service_that_was_forgotten_and_lives_is_neither_made_twice_nor_called_destroyed(made: Any) -> None:
    before, lived = made.state(), ids(made)
    made.run("state", "rm", "scores", YES)

    for command in (("plan",), ("apply", YES), ("destroy", "--service", "scores", YES)):
        refused = made.run(*command, code=1).stderr
        assert "state-lost" in refused and next(iter(lived)) in refused and "infractl apply --adopt-empty" in refused
    (restore,) = re.findall(r"infractl (state restore scores --to \d+)", refused)
    made.run(*restore.split(), YES)

    assert (made.state().lineage, made.state().resources) == (before.lineage, before.resources)
    assert "No changes." in made.run("plan").stdout


def test_who_destroys_a_whole_project_is_told_of_what_lives_of_forgotten_services(made: Any) -> None:
    key, lived = made.state().key, ids(made)
    made.write("other")
    made.apply()
    made.run("state", "rm", "scores", YES)
    (made.path / "scores.yaml").unlink()

    told = made.run("destroy", YES).stderr

    (each,) = re.findall(rf"\(scores\): {len(lived)} objects; infractl (.+) tells which", told)
    assert all(one in made.run(*each.split(), YES, code=1).stderr for one in lived)
    made.run("state", "restore", "scores", "--to", str(made.store().history(key)[0].serial), YES)
    assert "forgotten" not in made.run("destroy", YES).stderr


def test_a_service_that_was_forgotten_goes_on_with_what_lives_and_keeps_its_earlier_versions_aside(made: Any) -> None:
    before, lived = made.state(), ids(made)
    made.run("state", "rm", "scores", YES)
    kept = {path.name for path in (directory(made) / "history").iterdir()}

    made.run("apply", ADOPT, YES)

    assert (made.state().lineage, ids(made)) == (before.lineage, lived)
    assert {path.name for path in (directory(made) / "aside/earlier").iterdir()} == kept


def test_a_service_that_is_new_begins_as_ever_with_or_without_the_option(scene: Any) -> None:
    scene.write()
    assert "3 to create" in scene.run("plan").stdout

    scene.run("apply", ADOPT, YES)

    assert len(scene.state().resources) == 3
    assert not (directory(scene) / "aside").exists()


def test_a_service_that_is_declared_no_more_is_not_forgotten_by_it(made: Any) -> None:
    (directory(made) / "state.json").unlink()
    (made.path / "scores.yaml").unlink()
    made.write("other")

    assert "state-missing" in made.run("apply", ADOPT, YES, code=1).stderr
    assert (directory(made) / "history").exists()


def test_what_the_lost_state_left_open_is_waited_for_and_not_made_again(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def unanswered(*_: object) -> Running:
        raise UnansweredError.of("silent", summary="no answer")

    scene.write()
    with monkeypatch.context() as broken:
        broken.setattr(ReferenceKind, "poll", unanswered)
        scene.run("apply", YES, code=5)
    tokens = {step.pending.token for step in scene.state().open_steps}
    (directory(scene) / "state.json").unlink()
    polled: list[str] = []
    poll = ReferenceKind.poll

    def noted(kind: ReferenceKind, pending: Pending) -> Any:
        polled.append(pending.token)
        return Running(after_s=0.01) if len(polled) < 3 else poll(kind, pending)

    monkeypatch.setattr(ReferenceKind, "poll", noted)
    scene.run("apply", ADOPT, YES)

    assert set(polled[:3]) <= tokens and creates(scene) == 3
    assert [len(scene.lives(kind)) for kind in ("disk", "config", "endpoint")] == [1, 1, 1]


def test_a_life_is_found_though_none_of_its_kinds_is_wanted_any_more(scene: Any) -> None:
    owner = Owner(key=ServiceKey(project="testing", environment="default", service="scores"), lineage="earlier")
    labels = owner.labels(Address(project="testing", environment="default", service="scores", kind="part", name="p"))
    scene.cloud.call("begin", action="create", kind="part", key="x", labels=labels, properties={})
    scene.write()

    scene.run("apply", ADOPT, YES)

    assert scene.state().lineage == "earlier"
