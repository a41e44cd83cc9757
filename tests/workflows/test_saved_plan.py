"""A saved plan: applied on another machine, and refused with what happened since."""

from __future__ import annotations

import json
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from infractl.planning import planfile


@pytest.fixture
def saved(scene: Any) -> Any:
    """Version 1 was applied, and the plan to version 2 saved in plan.json."""
    scene.write()
    scene.apply()
    scene.write(uri="two.onnx", version="2")
    scene.run("plan", "--out", "plan.json")
    return scene


def stale(scene: Any) -> str:
    told: str = scene.run("apply", "plan.json", code=4).stderr
    return told


def test_a_plan_is_applied_where_only_the_stores_are_shared(scene: Any, tmp_path: Any) -> None:
    shared = tmp_path / "shared"
    stores = ", ".join(f"{name}: {shared / name}" for name in ("state", "artifacts", "measurements"))
    with (scene.path / "infractl.yaml").open("a") as file:
        file.write(f"stores: {{{stores}}}\n")
    scene.write()
    scene.run("plan", "--out", "plan.json")
    other = tmp_path / "elsewhere" / "clone"
    other.mkdir(parents=True)
    for name in ("infractl.yaml", "scores.yaml", "plan.json"):
        shutil.move(scene.path / name, other / name)
    shutil.rmtree(scene.path)

    there = replace(scene, path=other)
    assert "model-missing" in there.run("plan", code=1).stderr
    there.run("apply", "plan.json")

    assert sorted(scene.begun()) == ["create config", "create disk", "create endpoint"]
    assert "scores.endpoint.main" in there.run("state", "list").stdout


def test_a_stale_one_says_which_serials_who_touched_what_and_that_it_would_change_the_same(saved: Any) -> None:
    made_from = saved.state().serial
    saved.apply()

    told = stale(saved)

    assert f"made from serial {made_from}, and the state is at serial {made_from + 1}" in told
    assert f"serial {made_from + 1}: {saved.state().changed_at:%Y-%m-%d %H:%M:%S} UTC by {saved.state().changed_by}" in told
    assert "scores.config.main changed" in told
    assert "would change some of the same: scores.config.main" in told
    assert "document changed" not in told


def test_one_that_has_nothing_to_do_with_what_happened_says_so(saved: Any) -> None:
    saved.run("state", "rm", "scores.endpoint.main", "--auto-approve")
    lone = json.loads((saved.path / "plan.json").read_text())
    (service,) = planfile.read(json.dumps(lone), "plan.json").services
    plan = planfile.read(json.dumps(lone), "plan.json")
    others = tuple(c for c in service.changes if c.address.kind == "disk")
    disjoint = replace(plan, services=(replace(service, changes=others),))
    (saved.path / "plan.json").write_text(json.dumps(planfile.document(disjoint)))

    told = stale(saved)

    assert "scores.endpoint.main forgotten" in told and "state rm" in told
    assert "the plan touches none of these" in told


def test_a_changed_document_and_a_lost_artifact_are_told_as_well(saved: Any) -> None:
    saved.apply()
    saved.write(uri="two.onnx", version="3")
    shutil.rmtree(saved.path / ".infractl" / "artifacts")

    told = stale(saved)

    assert "its document changed since" in told and "is kept no more" in told


def test_a_fresh_one_whose_artifact_is_lost_begins_nothing(saved: Any) -> None:
    shutil.rmtree(saved.path / ".infractl" / "artifacts")
    before = saved.begun()

    assert "plan-artifact" in stale(saved)
    assert saved.begun() == before


def test_a_damaged_artifact_is_found_before_anything_is_begun_and_the_plan_stays_fresh(saved: Any) -> None:
    kept = {p: p.read_bytes() for p in (saved.path / ".infractl" / "artifacts").rglob("*") if p.is_file()}
    before, serial = saved.begun(), saved.state().serial
    for path in kept:
        path.chmod(0o644)
        path.write_bytes(b"torn")

    assert "plan-artifact" in (told := stale(saved)) and "delete " in told
    assert (saved.begun(), saved.state().serial) == (before, serial)
    for path, content in kept.items():
        path.write_bytes(content)
    saved.run("apply", "plan.json")


def test_a_second_apply_does_not_deny_what_a_replacement_under_the_same_id_did_and_names_every_service(saved: Any) -> None:
    saved.write(name="grades")
    saved.apply()
    saved.run("plan", "--out", "plan.json", "--replace", "scores.endpoint.main", "--replace", "grades.endpoint.main")
    saved.run("apply", "plan.json")

    told = stale(saved)

    assert told.count("plan-stale") == 2 and "scores: it was made" in told and "grades: it was made" in told


def test_a_version_that_changed_no_record_is_not_said_to_have_touched_nothing(saved: Any) -> None:
    saved.apply()
    saved.run("plan", "--out", "plan.json", "--replace", "scores.endpoint.main")
    present = saved.state()
    lease = saved.store().lock(present.key, "a test")
    again = replace(present, serial=present.serial + 1)
    saved.store().write(present.key, again, expected_serial=present.serial, epoch=lease.epoch)
    lease.release()

    told = stale(saved)

    assert "recorded as before, be it made anew" in told and "touches none" not in told


def test_a_plan_of_another_project_is_told_of_before_its_environment(saved: Any) -> None:
    path = saved.path / "plan.json"
    plan = replace(planfile.read(path.read_text(), "plan.json"), project="elsewhere", environment="staging")
    path.write_text(json.dumps(planfile.document(plan)))

    assert "plan-foreign" in stale(saved)


def test_only_the_digest_that_was_approved_is_applied(saved: Any) -> None:
    digest = json.loads((saved.path / "plan.json").read_text())["digest"]
    before = saved.begun()

    assert "plan-digest" in saved.run("apply", "plan.json", "--digest", "0" * 64, code=4).stderr
    assert "digest-without-plan" in saved.run("apply", "--digest", digest, code=1).stderr
    assert saved.begun() == before
    saved.run("apply", "plan.json", "--digest", f"sha256:{digest}")
    assert saved.begun() != before


def test_one_of_a_newer_infractl_or_with_unknown_members_is_refused(saved: Any) -> None:
    path = saved.path / "plan.json"
    document = json.loads(path.read_text())
    before = saved.begun()

    path.write_text(json.dumps({**document, "kind": "infractl-plan", "format": planfile.FORMAT + 1, "more": 1}))
    newer = saved.run("apply", "plan.json", code=1).stderr
    assert "plan-newer" in newer and f"its format is {planfile.FORMAT + 1}" in newer

    unknown = {**document["plan"], "tomorrow": True}
    path.write_text(json.dumps({**document, "plan": unknown, "digest": planfile._digest(unknown)}))
    assert "tomorrow" in saved.run("apply", "plan.json", code=1).stderr
    assert saved.begun() == before


def test_a_plan_that_cannot_be_saved_leaves_the_one_that_is_there(scene: Any) -> None:
    """Which may be approved, and on its way to be applied."""
    scene.write()
    saved = scene.path / "plan.json"
    scene.run("plan", "--out", str(saved))
    approved = saved.read_bytes()
    scene.write(version="2")

    with files_of_at_most(len(approved) // 2):
        refused = scene.run("plan", "--out", str(saved), code=1)

    assert "error[plan-not-saved]" in refused.stderr
    assert saved.read_bytes() == approved
    assert not list(scene.path.glob(".plan.json*"))


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """As a disk that is full after so much."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
