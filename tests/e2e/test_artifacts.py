"""`infractl artifacts`: what a service names stays, and what nothing needs goes once it is old enough."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from infractl.state.artifacts import LocalArtifactStore


def store_in(path: Path) -> LocalArtifactStore:
    return LocalArtifactStore(path / ".infractl" / "artifacts")


def test_what_a_service_or_its_history_names_is_never_removed(folder: Any) -> None:
    folder.write()
    folder.run("apply", "--auto-approve")
    folder.write(uri="two.onnx", version="2")
    folder.run("apply", "--auto-approve")
    unused = folder.path / "unused.onnx"
    unused.write_bytes(b"nothing needs this")
    store = store_in(folder.path)
    lone = store.put(unused)
    store.record("5" * 64, {"artifact": None, "of": lone})
    for file in (folder.path / ".infractl" / "artifacts").rglob("*"):
        if file.is_file():
            os.utime(file, (0, 0))
    used = {hashlib.sha256((folder.path / name).read_bytes()).hexdigest() for name in ("one.onnx", "two.onnx")}

    listed = {kept["digest"]: kept["used_by"] for kept in json.loads(folder.run("artifacts", "list", "--json").stdout)}
    assert set(listed) == used | {lone}
    assert listed[lone] == [] and all(listed[digest] for digest in used)
    assert lone in folder.run("artifacts", "show", lone[:12]).stdout

    preview = json.loads(folder.run("artifacts", "prune", "--preview", "--json").stdout)
    assert [kept["digest"] for kept in preview["artifacts"]] == [lone]
    assert preview["records"] == ["5" * 64]
    assert store.has(lone)

    told = folder.run("artifacts", "prune", "--auto-approve").stdout
    assert "1 artifacts and 1 records" in told
    assert {kept.name for kept in store.files()} == used
    assert store.recorded("5" * 64) is None
    assert "Nothing is old enough and unused" in folder.run("artifacts", "prune").stdout


def test_what_is_young_stays(folder: Any) -> None:
    folder.write()
    model = folder.path / "unused.onnx"
    model.write_bytes(b"nothing needs this yet")
    lone = store_in(folder.path).put(model)

    assert "Nothing is old enough" in folder.run("artifacts", "prune", "--older-than", "1h").stdout
    assert store_in(folder.path).has(lone)


def test_what_names_no_artifact_is_an_error(folder: Any) -> None:
    folder.write()

    assert "error[artifact-unknown]" in folder.run("artifacts", "show", "0123456789", code=1).stderr
