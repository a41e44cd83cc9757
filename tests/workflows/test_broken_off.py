"""A run that was broken off is told of as that: neither as a failure of what runs, nor as somebody else's change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infractl.clock import SystemClock
from infractl.domain.action import Action
from infractl.domain.journal import Intent
from infractl.state.local import LocalStateStore

BROKEN_OFF = "a run was broken off here: infractl apply settles it"


@pytest.fixture
def changed(scene: Any) -> Any:
    """Applied, and changed by a run that was killed when all was done and before it wrote that into the document."""
    scene.write()
    scene.apply()
    scene.write(uri="two.onnx", version="2")

    def die(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with scene.monkeypatch.context() as patch:
        patch.setattr(LocalStateStore, "fold", die)
        scene.run("apply", "--auto-approve", code=130)
    return scene


def test_what_a_killed_run_made_and_did_not_write_down_has_not_failed(changed: Any) -> None:
    (status,) = json.loads(changed.run("status", "--json").stdout)

    assert (status["health"]["status"], status["note"]) == ("healthy", BROKEN_OFF)
    assert {r["health"]["status"] for r in status["resources"]} == {"healthy"}
    assert f"No drift. 1 service with {len(status['resources'])} resources" in changed.run("drift").stdout
    assert "of a run that has not ended" in changed.run("state", "show", "scores").stdout

    changed.apply()

    assert BROKEN_OFF not in changed.run("status").stdout
    assert "of a run that has not ended" not in changed.run("state", "show", "scores").stdout


def test_what_a_step_without_an_end_did_is_no_drift(scene: Any) -> None:
    scene.write()
    scene.apply()
    state = scene.state()
    (endpoint,) = (r for r in state.resources if r.address.kind == "endpoint")
    lease = scene.store().lock(state.key, "a test")
    entry = Intent(
        step="1",
        action=Action.delete,
        address=endpoint.address,
        target=endpoint.target,
        desired=None,
        prior=endpoint.ref,
        at=SystemClock().now(),
    )
    scene.store().append(state.key, lease.epoch, entry)
    lease.release()
    scene.cloud.call("begin", action="delete", kind="endpoint", key="x", labels={}, prior=endpoint.ref.id)

    told = scene.run("drift").stdout
    assert BROKEN_OFF in told and f"delete {endpoint.address}" in told and "outside infractl" not in told
    (status,) = json.loads(scene.run("status", "--json").stdout)
    (of_it,) = (r for r in status["resources"] if r["address"] == str(endpoint.address))
    assert of_it["health"] == {"status": "progressing", "reason": BROKEN_OFF}
