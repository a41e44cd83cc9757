"""`spec.lifecycle.movedFrom`: a service that is renamed takes over what runs, and nothing is made anew that need not be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from infractl.domain.address import Owner, ServiceKey
from infractl.state.local import LocalStateStore

YES = "--auto-approve"
MOVED = "  lifecycle: {movedFrom: scores}\n"
KINDS = ("disk", "config", "endpoint")


def key(service: str) -> ServiceKey:
    return ServiceKey(project="testing", environment="default", service=service)


def ids(scene: Any, service: str) -> list[str]:
    return [thing["id"] for kind in KINDS for thing in scene.lives(kind, service)]


def rename(scene: Any, before: str = "scores", after: str = "grades") -> None:
    (scene.path / f"{before}.yaml").unlink()
    scene.write(after, extra=MOVED.replace("scores", before))


@pytest.fixture
def renamed(scene: Any) -> Any:
    """Applied as scores, and declared as grades since."""
    scene.write()
    scene.apply()
    rename(scene)
    return scene


def test_a_renamed_service_keeps_its_objects_its_lineage_and_what_was_recorded(renamed: Any) -> None:
    before, things, begun = renamed.state(), ids(renamed, "scores"), len(renamed.begun())

    renamed.apply()

    after = renamed.state("grades")
    assert ids(renamed, "grades") == things and not ids(renamed, "scores")
    assert renamed.begun()[begun:] == ["update disk", "update config", "update endpoint"]
    assert after.lineage == before.lineage and after.deployment.service == "grades"
    assert after.deployment.stable == before.deployment.stable
    assert [(r.ref, r.labelled) for r in after.resources] == [(r.ref, True) for r in before.resources]
    assert {a.service for r in after.resources for a in (r.address, *r.depends_on)} == {"grades"}
    assert renamed.store().keys("testing", "default") == (key("grades"),)


def test_the_plan_says_where_it_comes_from_and_writes_nothing(renamed: Any) -> None:
    before, things = renamed.state(), ids(renamed, "scores")

    text = renamed.run("plan").stdout

    assert "grades: version 1 at there, moved from scores\n" in text
    assert "grades.endpoint.main will be updated in place: moved from scores, and gets the labels of the new name" in text
    assert "Plan: 3 to update." in text and "destroy" not in text
    planned = renamed.plan()
    assert (planned["moved_from"], planned["lineage"], planned["serial"]) == ("scores", before.lineage, before.serial)
    assert renamed.state() == before and ids(renamed, "scores") == things
    assert renamed.store().keys("testing", "default") == (key("scores"),)


def test_after_it_nothing_is_left_to_do_with_the_word_and_without_it_and_destroy_leaves_nothing(renamed: Any) -> None:
    renamed.apply()

    assert "No changes." in renamed.run("plan").stdout
    renamed.write("grades")
    assert "No changes." in renamed.run("plan").stdout
    assert "declared differently" not in renamed.run("status").stdout
    renamed.run("drift")

    renamed.run("destroy", YES)
    assert not ids(renamed, "grades") and not renamed.store().keys("testing", "default")


def test_another_change_is_made_with_it(renamed: Any) -> None:
    (endpoint,) = renamed.lives("endpoint")
    renamed.write("grades", uri="two.onnx", version="2", extra=MOVED)

    assert "grades: version 1 -> 2 at there, moved from scores\n" in renamed.run("plan").stdout
    renamed.apply()

    assert [thing["id"] for thing in renamed.lives("endpoint", "grades")] == [endpoint["id"]]
    assert not ids(renamed, "scores") and len(renamed.lives("disk", "grades")) == 1
    assert "No changes." in renamed.run("plan").stdout


@pytest.mark.parametrize("last", ["write scores", "write grades", "delete scores"])
def test_what_breaks_off_between_two_writes_is_gone_on_with(renamed: Any, monkeypatch: pytest.MonkeyPatch, last: str) -> None:
    """Each of the three writes of a move is the first one that does not happen."""
    things, lineage = ids(renamed, "scores"), renamed.state().lineage
    verb, service = last.split()
    whole = getattr(LocalStateStore, verb)

    def broken(store: LocalStateStore, which: ServiceKey, *given: Any, **named: Any) -> None:
        if which == key(service):
            raise KeyboardInterrupt
        whole(store, which, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(LocalStateStore, verb, broken)
        renamed.run("apply", YES, code=130)
    assert ids(renamed, "scores") == things, "nothing was touched"
    plan = renamed.run("plan").stdout
    assert "Plan: 3 to update." in plan and "destroy" not in plan

    renamed.apply()

    assert ids(renamed, "grades") == things and renamed.state("grades").lineage == lineage
    assert renamed.store().keys("testing", "default") == (key("grades"),)
    assert "No changes." in renamed.run("plan").stdout


def test_what_a_broken_move_left_is_no_second_owner_though_the_word_is_gone(
    renamed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing that tells of the move, the old name looks like a service that is declared no more."""
    things = ids(renamed, "scores")
    with monkeypatch.context() as patch:
        patch.setattr(LocalStateStore, "delete", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        renamed.run("apply", YES, code=130)
    renamed.write("grades")

    assert "destroy" not in renamed.run("plan").stdout
    renamed.apply()

    assert ids(renamed, "grades") == things
    assert renamed.store().keys("testing", "default") == (key("grades"),)


def test_what_was_relabelled_in_part_goes_on(renamed: Any) -> None:
    """The labels of both names are the service's own until all are new."""
    things = ids(renamed, "scores")
    disk = next(r.address.name for r in renamed.state().resources if r.address.kind == "disk")

    renamed.run("apply", YES, "--target", f"grades.disk.{disk}")

    assert len(ids(renamed, "grades")) == 1 and len(ids(renamed, "scores")) == 2
    assert "Plan: 2 to update." in renamed.run("plan").stdout
    renamed.apply()
    assert ids(renamed, "grades") == things


def test_it_comes_back_to_its_name_and_its_history_goes_on_there(renamed: Any) -> None:
    things = ids(renamed, "scores")
    renamed.apply()
    serials = [s.serial for s in renamed.store().history(key("scores"))]
    rename(renamed, "grades", "scores")

    renamed.apply()

    assert ids(renamed, "scores") == things and not ids(renamed, "grades")
    assert renamed.state().serial == max(serials) + 2, "the move, and the apply"
    assert renamed.store().keys("testing", "default") == (key("scores"),)
    assert "No changes." in renamed.run("plan").stdout


def test_the_history_of_the_old_name_says_where_it_went_and_it_is_not_put_back_beside_the_new_one(renamed: Any) -> None:
    first = renamed.state().serial
    renamed.apply()

    assert "moved to grades" in renamed.run("state", "history", "scores").stdout
    assert "present" in renamed.run("state", "history", "grades").stdout
    refused = renamed.run("state", "restore", "scores", "--to", str(first), YES, code=1).stderr
    assert "restore-moved" in refused and "infractl state history grades" in refused
    assert renamed.store().read(key("scores")) is None


def test_a_name_under_which_something_is_recorded_is_not_moved_onto(scene: Any) -> None:
    scene.write()
    scene.write("grades")
    scene.apply()
    (scene.path / "scores.yaml").unlink()
    scene.write("grades", extra=MOVED)
    before = scene.state(), scene.state("grades")

    for command in (("plan",), ("apply", YES)):
        refused = scene.run(*command, code=1).stderr
        assert "moved-onto-state" in refused and "grades.yaml:6" in refused
    assert (scene.state(), scene.state("grades")) == before


def test_one_that_was_never_applied_under_its_old_name_is_a_new_one(scene: Any) -> None:
    scene.write("grades", extra=MOVED)

    assert "moved from" not in scene.run("plan").stdout
    scene.apply()

    assert len(ids(scene, "grades")) == 3


def test_a_saved_plan_moves_and_is_stale_once_either_name_has_changed(renamed: Any) -> None:
    things = ids(renamed, "scores")
    renamed.run("plan", "--out", "plan.json")
    renamed.run("plan", "--out", "late.json")
    endpoint = next(str(r.address) for r in renamed.state().resources if r.address.kind == "endpoint")
    renamed.run("state", "rm", endpoint, YES)
    stale = renamed.run("apply", "plan.json", code=4).stderr
    assert "plan-stale" in stale and f"{endpoint} forgotten" in stale and "grades.endpoint.main" in stale
    renamed.run("state", "restore", "scores", "--to", str(renamed.state().serial - 1), YES)
    renamed.run("plan", "--out", "plan.json")

    renamed.run("apply", "plan.json")

    assert ids(renamed, "grades") == things
    assert "something is recorded under this name by now" in renamed.run("apply", "plan.json", code=4).stderr


def test_each_command_knows_the_service_by_the_name_it_has(renamed: Any) -> None:
    assert "declared as grades now: the next apply moves it" in renamed.run("status").stdout
    assert "scores is called grades now: --service grades plans for it" in renamed.run("plan", "--service", "scores").stdout
    assert "Plan: 3 to update." in renamed.run("plan", "--service", "grades").stdout

    renamed.run("apply", "--service", "grades", YES)

    assert "scores" not in renamed.run("state", "list").stdout
    assert [s["key"]["service"] for s in json.loads(renamed.run("status", "--json").stdout)] == ["grades"]


def test_both_locks_are_taken(renamed: Any) -> None:
    for service in ("scores", "grades"):
        lease = renamed.store().lock(key(service), "a test")
        assert "lock-held" in renamed.run("apply", YES, code=3).stderr
        lease.release()


def test_what_is_deposed_moves_and_goes(scene: Any) -> None:
    """A replacement broke off before its old object went."""
    scene.write()
    scene.apply()
    state, store = scene.state(), scene.store()
    config = next(r for r in state.resources if r.address.kind == "config")
    labels = Owner(key=state.key, lineage=state.lineage).labels(config.address)
    old = scene.cloud.call("begin", action="create", kind="config", key="x", labels=dict(labels), prior=config.ref.id)["id"]
    deposed = replace(state, serial=state.serial + 1, deposed=(replace(config, ref=replace(config.ref, id=old)),))
    lease = store.lock(state.key, "a test")
    store.write(state.key, deposed, expected_serial=state.serial, epoch=lease.epoch)
    lease.release()
    rename(scene)

    scene.apply()

    assert not scene.state("grades").deposed and old not in ids(scene, "scores")
    assert len(ids(scene, "grades")) == 3 and not ids(scene, "scores")


def test_a_local_server_is_made_under_the_new_name_before_the_old_one_goes(scene: Any) -> None:
    """Its directory and its URL have the service's name in them: it cannot be relabelled."""
    (scene.path / "infractl.yaml").write_text("project: testing\ntargets: {here: {provider: local}}\n")
    scene.write()
    try:
        scene.apply()
        before = scene.state()
        rename(scene)
        plan = scene.run("plan").stdout
        assert "grades.server.main must be replaced: moved from scores, after which it is named" in plan
        assert "Plan: 3 to replace." in plan

        told = scene.run("apply", YES).stderr

        assert told.index("grades.route.main: created") < told.index("grades.route.main: destroying")
        assert "/v2/models/grades/infer" in scene.state("grades").outputs["infer"]
        assert urlopen(scene.state("grades").outputs["url"] + "/v2/models/grades/ready").status == 200
        with pytest.raises(URLError):
            urlopen(before.outputs["url"])
        assert scene.state("grades").lineage == before.lineage
        assert [d.name for d in (scene.path / ".infractl" / "run").glob("testing.*")] == ["testing.default.grades.here"]
        assert "No changes." in scene.run("plan").stdout
    finally:
        scene.run("destroy", YES)
    assert not [*(scene.path / ".infractl" / "run").glob("testing.*")]
