"""What carries a service's labels and is recorded nowhere: where it is looked for, and when it goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from infractl.testing.reference.cloud import Cloud, running


def made(cloud: Cloud, labels: dict[str, str], key: str, **properties: Any) -> str:
    return str(cloud.call("begin", action="create", kind="endpoint", key=key, labels=labels, properties=properties)["id"])


def test_drift_and_destroy_look_at_every_target_that_something_of_the_service_is_recorded_at(scene: Any, tmp_path: Path) -> None:
    scene.write()
    scene.apply()
    state = scene.state()
    endpoint = next(r for r in state.resources if r.address.kind == "endpoint")
    labels = scene.lives("endpoint")[0]["labels"]
    with running(tmp_path / "other") as other:
        text = (scene.path / "infractl.yaml").read_text()
        more = f", other: {{provider: reference, directory: {other.directory}}}}}"
        (scene.path / "infractl.yaml").write_text(text.rstrip().removesuffix("}") + more + "\n")
        (scene.path / "scores.yaml").write_text((scene.path / "scores.yaml").read_text() + "  targets: [there]\n")
        old, orphan = made(other, labels, "old"), made(other, {**labels, "infractl-name": "lost"}, "lost")
        deposed = replace(endpoint, target="other", ref=replace(endpoint.ref, id=old))
        store = scene.store()
        lease = store.lock(state.key, "a test")
        changed = replace(state, serial=state.serial + 1, deposed=(deposed,))
        store.write(state.key, changed, expected_serial=state.serial, epoch=lease.epoch)
        lease.release()

        assert orphan in scene.run("drift", code=2).stdout
        scene.run("destroy", "--auto-approve")

        assert other.call("find", kind="endpoint", labels={"infractl-service": "scores"}) == []
        assert scene.lives("endpoint") == []


def test_drift_tells_that_an_object_lost_its_labels_and_an_apply_gives_them_back(scene: Any) -> None:
    scene.write()
    scene.apply()
    (endpoint,) = scene.lives("endpoint")
    given = {"prior": endpoint["id"], "properties": endpoint["properties"], "secrets": {}, "kept": []}
    scene.cloud.call("begin", action="update", kind="endpoint", key="by hand", labels={}, **given)
    assert scene.lives("endpoint") == []

    assert "it lost this service's labels" in scene.run("drift", code=2).stdout
    assert "no changes" in scene.run("plan", "--refresh-only").stdout.lower()
    scene.apply()

    assert [e["labels"] for e in scene.lives("endpoint")] == [endpoint["labels"]]
    scene.run("drift")
