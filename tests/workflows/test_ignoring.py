"""`spec.lifecycle.ignoreChanges`: what others may change once it is there is neither reverted nor shown as a change."""

from __future__ import annotations

import json
from typing import Any

import pytest

IGNORING = "  lifecycle: {{ignoreChanges: [{}]}}\n"


@pytest.fixture
def applied(scene: Any) -> Any:
    """The endpoint's zone, which cannot be changed in place, and its zones were changed by somebody."""
    scene.write(extra=IGNORING.format("endpoint.zone, endpoint/main.zones"))
    scene.apply()
    change(scene, zone="two", zones=["one"])
    return scene


def change(scene: Any, **properties: Any) -> None:
    """As somebody else would, who knows nothing of infractl."""
    (endpoint,) = scene.lives("endpoint")
    scene.cloud.call(
        "begin",
        action="update",
        kind="endpoint",
        key=f"somebody-{json.dumps(properties)}",
        labels=endpoint["labels"],
        prior=endpoint["id"],
        properties={**endpoint["properties"], **properties},
    )


def endpoint(scene: Any) -> Any:
    (found,) = scene.lives("endpoint")
    return found["properties"]


def test_what_drifted_is_kept_and_the_plan_says_so_and_changes_nothing(applied: Any) -> None:
    before, serial = applied.begun(), applied.state().serial

    text = applied.run("plan", "--detailed-exitcode").stdout
    left = next(c for c in applied.plan()["changes"] if c["address"]["kind"] == "endpoint")["left"]
    applied.apply()

    assert 'scores.endpoint.main zone = "two", declared "one"  # kept: by spec.lifecycle.ignoreChanges' in text
    assert text.splitlines()[-1].startswith("No changes.")
    assert {(a["path"], a["course"]) for a in left} == {("zone", "kept"), ("zones.two", "kept")}
    assert applied.begun() == before and applied.state().serial == serial


def test_an_update_for_another_reason_keeps_what_lives(applied: Any) -> None:
    applied.write(version="2", extra=IGNORING.format("endpoint.zone, endpoint/main.zones"))

    text = applied.run("plan").stdout
    applied.apply()

    assert "endpoint.main will be updated in place" in text and "# kept: by spec.lifecycle.ignoreChanges" in text
    assert (endpoint(applied)["zone"], endpoint(applied)["zones"]) == ("two", ["one"])
    assert applied.run("plan", "--detailed-exitcode").stdout.splitlines()[-1].startswith("No changes.")


def test_a_rollback_keeps_it_too(applied: Any) -> None:
    applied.write(uri="two.onnx", version="2", extra=IGNORING.format("endpoint.zone, endpoint/main.zones"))
    applied.apply()

    applied.run("rollback", "scores", "--auto-approve")

    assert applied.state().deployment.stable.version == "1"
    assert (endpoint(applied)["zone"], endpoint(applied)["zones"]) == ("two", ["one"])


def test_what_is_not_named_is_reverted_and_the_plan_says_that_too(applied: Any) -> None:
    applied.write(extra=IGNORING.format("endpoint.zone"))

    text = applied.run("plan", "--detailed-exitcode", code=2).stdout
    applied.apply()

    assert "# drifted, and is reverted" in text
    assert (endpoint(applied)["zone"], sorted(endpoint(applied)["zones"])) == ("two", ["one", "two"])


def test_drift_and_status_leave_it_too(applied: Any) -> None:
    told = applied.run("drift").stdout

    assert "no drift" in told and "keeps it: ignored, by spec.lifecycle.ignoreChanges" in told
    assert "drifted" not in applied.run("status").stdout
    applied.write()
    applied.run("drift", code=2)


def test_what_the_provider_leaves_to_others_is_told_apart(applied: Any) -> None:
    change(applied, replicas=7)

    text = applied.run("plan").stdout

    assert "replicas = 7, declared 1  # ignored: the provider leaves it to others" in text


def test_a_secret_and_what_names_no_kind_or_no_resource_are_told_where_they_stand(scene: Any) -> None:
    scene.write(extra=IGNORING.format("endpiont.zone, endpoint/mian.zone, endpoint.key, '*.zone'"))

    told = scene.run("plan", code=1).stderr

    assert told.count("ignored-unknown") == 3
    assert "scores.yaml:6:31" in told and "did you mean endpoint?" in told and "did you mean main?" in told
    assert "is a secret" in told
