"""`infractl state import`: what nobody recorded is taken into a service's record, and labelled by the next apply."""

from __future__ import annotations

import re
from typing import Any

import pytest

YES = "--auto-approve"
ADDRESS = "scores.endpoint.main"


@pytest.fixture(autouse=True)
def declared(scene: Any) -> None:
    scene.write()


def told(scene: Any, *words: str, code: int = 0) -> str:
    done = scene.run(*words, code=code)
    return str(done.stdout + done.stderr)


def by_hand(scene: Any, labels: dict[str, str] | None = None, **properties: Any) -> str:
    """The id of an endpoint that somebody makes without infractl."""
    given = {"labels": labels or {}, "properties": properties}
    return str(scene.cloud.call("begin", action="create", kind="endpoint", key="by hand", **given)["id"])


def seen(scene: Any, thing: str) -> dict[str, Any]:
    (found,) = scene.cloud.call("read", kind="endpoint", ids=[thing])
    return dict(found)


def test_an_import_shows_what_the_next_plan_changes_and_touches_nothing_that_lives(scene: Any) -> None:
    made = by_hand(scene, zone="one", zones=["one", "three"], config="old", replicas=4)
    before = seen(scene, made)

    text = told(scene, "state", "import", ADDRESS, made, YES)

    assert f"+ {ADDRESS} is imported ({made} at there)" in text
    assert "it was imported, and gets this service's labels" in text
    assert re.search(r'~ config +=? *= "old" -> \(known after apply\)', text)
    assert "zones" in text and "replicas" not in text.partition("What the next plan does")[2]
    assert seen(scene, made) == before


def test_the_next_apply_changes_what_was_imported_in_place_and_labels_it(scene: Any) -> None:
    made = by_hand(scene, zone="one", zones=["one", "two"], config="old", replicas=1)
    told(scene, "state", "import", ADDRESS, made, YES)

    told(scene, "apply", YES)

    assert scene.begun().count("create endpoint") == 1, "the one that was made by hand"
    assert seen(scene, made)["labels"]["infractl-lineage"] == scene.state().lineage
    assert "No changes." in told(scene, "plan")
    told(scene, "drift")


def test_what_was_imported_is_ours_before_its_first_apply(scene: Any) -> None:
    """It carries no label yet, which is no reason to make another one or to leave it behind."""
    told(scene, "apply", YES)
    endpoint = next(r.ref.id for r in scene.state().resources if r.address.kind == "endpoint")
    told(scene, "state", "rm", ADDRESS, YES)
    scene.cloud.call("begin", action="delete", kind="endpoint", key="x", labels={}, prior=endpoint)
    wanted = {"zone": "one", "zones": ["one", "two"], "replicas": 1, "config": scene.state().resources[0].outputs["arn"]}
    made = by_hand(scene, **wanted)
    told(scene, "state", "import", ADDRESS, made, YES)

    plan = told(scene, "plan")

    assert "Plan: 1 to update." in plan and "another owner's" not in plan
    told(scene, "drift")
    told(scene, "destroy", YES)
    assert scene.cloud.call("read", kind="endpoint", ids=[made]) == []


def test_an_import_into_a_service_without_a_record_begins_one_and_is_undone_by_forgetting_it(scene: Any) -> None:
    made = by_hand(scene, zone="one", zones=["one", "two"], config="old", replicas=1)

    text = told(scene, "state", "import", ADDRESS, made, YES)

    assert (scene.state().serial, [str(r.address) for r in scene.state().resources]) == (1, [ADDRESS])
    (undo,) = re.findall(r"To take this back: infractl (.+)\n", text)
    told(scene, *undo.split(), YES)
    assert not scene.store().keys("testing", "default")
    assert seen(scene, made)["labels"] == {}


def test_an_import_into_a_record_is_undone_by_a_restore(scene: Any) -> None:
    told(scene, "apply", YES)
    told(scene, "state", "rm", ADDRESS, YES)
    before = scene.state().resources
    text = told(scene, "state", "import", ADDRESS, by_hand(scene, zone="one"), YES)
    (undo,) = re.findall(r"To take this back: infractl (.+)\n", text)

    told(scene, *undo.split(), YES)

    assert scene.state().resources == before


def test_an_object_with_the_services_own_labels_is_imported_as_labelled(scene: Any) -> None:
    told(scene, "apply", YES)
    kept = {str(r.address): r for r in scene.state().resources}
    told(scene, "state", "rm", ADDRESS, YES)

    text = told(scene, "state", "import", ADDRESS, kept[ADDRESS].ref.id, YES)

    assert "The next plan, as the service is declared now, leaves it as it is." in text
    assert {str(r.address): (r.ref, r.labelled) for r in scene.state().resources} == {a: (r.ref, True) for a, r in kept.items()}


def test_another_owners_object_is_refused_and_its_owner_is_named(scene: Any) -> None:
    labels = {f"infractl-{name}": "x" for name in ("environment", "service", "kind", "name", "lineage")}
    made = by_hand(scene, labels={**labels, "infractl-project": "billing"}, zone="one")

    refused = told(scene, "state", "import", ADDRESS, made, YES, code=1)

    assert "import-owned" in refused and "project billing" in refused
    assert not scene.store().keys("testing", "default")


def test_what_cannot_be_imported_is_refused_and_nothing_is_written(scene: Any) -> None:
    told(scene, "apply", YES)
    before, made = scene.state(), by_hand(scene, zone="one")

    for words, slug in (
        (("scores.endpoint.other", made), "import-address"),
        (("score.endpoint.main", made), "import-address"),
        ((ADDRESS, "endpoint-99"), "import-absent"),
        ((ADDRESS, made), "import-recorded"),
    ):
        assert slug in told(scene, "state", "import", *words, YES, code=1)
    assert scene.state() == before


def test_an_import_needs_a_yes(scene: Any) -> None:
    made = by_hand(scene, zone="one")

    assert "no-terminal" in told(scene, "state", "import", ADDRESS, made, code=1)
    assert not scene.store().keys("testing", "default")
