"""The whole road with the real command line, server and stores: declare, plan, apply, serve, change, destroy."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import onnx
import onnxruntime
import pytest

FEATURES = [[0.1, -0.2, 0.3, 0.4]]
REQUEST = {"inputs": [{"name": "features", "shape": [1, 4], "datatype": "FP32", "data": FEATURES}]}


def direct(model: Path) -> Any:
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return session.run(None, {"features": np.array(FEATURES, np.float32)})[0]


def answer(folder: Any, service: str = "scores") -> dict[str, Any]:
    return json.loads(folder.run("invoke", service, "--data", "-", stdin=json.dumps(REQUEST)).stdout)


def scores(folder: Any) -> Any:
    (output,) = answer(folder)["outputs"]
    return np.array(output["data"], np.float32).reshape(output["shape"])


def actions(plan: dict[str, Any]) -> list[str]:
    changes = [c for s in plan["plan"]["services"] for c in s["changes"]]
    return sorted(f"{c['address']['kind']} {c['action']}" for c in changes if c["action"] != "no-op")


def test_a_model_goes_up_changes_and_goes_away_without_a_trace(folder: Any) -> None:
    folder.write()
    assert "Valid: 1 service" in folder.run("validate").stdout
    assert folder.run("plan", "--detailed-exitcode", code=2).stdout.endswith("Plan: 3 to create.\n")
    assert not folder.servers()

    folder.run("apply", "--auto-approve")
    np.testing.assert_allclose(scores(folder), direct(folder.path / "one.onnx"), rtol=1e-5)
    (server,) = folder.servers()
    assert folder.run("plan", "--detailed-exitcode").stdout.startswith("No changes.")

    folder.write(uri="two.onnx", version="2")
    assert actions(folder.plan()) == ["artifact create", "artifact delete", "route update"]
    folder.run("apply", "--auto-approve")
    np.testing.assert_allclose(scores(folder), direct(folder.path / "two.onnx"), rtol=1e-5)
    assert answer(folder)["model_version"] == "2"
    assert [p.pid for p in folder.servers()] == [server.pid], "version 2 was loaded beside version 1, in the same process"

    address = urlsplit(folder.url())
    folder.run("destroy", "--auto-approve")
    assert folder.servers() == []
    assert folder.run_files() == []
    with pytest.raises(OSError), socket.create_connection((address.hostname, address.port), timeout=1):
        pass
    assert "declared, and not applied yet" in folder.run("status").stdout
    assert "No changes" in folder.run("destroy", "--auto-approve").stdout


def test_a_saved_plan_is_carried_out_exactly_and_only_once(folder: Any) -> None:
    folder.write()
    shown = folder.run("plan", "--out", "first.json").stdout
    assert folder.run("show", "first.json").stdout == shown
    folder.run("plan", "--out", "second.json")

    folder.run("apply", "first.json")
    stale = folder.run("apply", "second.json", code=4)

    assert "plan-stale" in stale.stderr and "first.json" in stale.stderr
    assert len(folder.servers()) == 1


def test_an_edited_plan_is_refused(folder: Any) -> None:
    folder.write()
    folder.run("plan", "--out", "plan.json")
    document = json.loads((folder.path / "plan.json").read_text())
    document["plan"]["services"][0]["target"] = "elsewhere"
    (folder.path / "plan.json").write_text(json.dumps(document))

    assert "plan-edited" in folder.run("apply", "plan.json", code=1).stderr


def test_a_server_that_was_killed_is_drift_and_comes_back_on_its_port(folder: Any) -> None:
    folder.write()
    folder.run("apply", "--auto-approve")
    url = folder.url()
    (server,) = folder.servers()
    os.kill(server.pid, signal.SIGKILL)
    server.wait(10)

    plan = folder.run("plan", "--detailed-exitcode", code=2).stdout
    assert "deleted outside infractl" in plan
    assert "it is gone" in folder.run("status").stdout
    folder.run("apply", "--auto-approve")

    assert folder.url() == url
    assert len(folder.servers()) == 1
    np.testing.assert_allclose(scores(folder), direct(folder.path / "one.onnx"), rtol=1e-5)


def test_a_service_without_its_document_is_destroyed_with_the_project_and_not_with_another_file(folder: Any) -> None:
    folder.write("first")
    folder.write("second")
    folder.run("apply", "--auto-approve")
    (folder.path / "second.yaml").unlink()

    assert folder.run("plan", "first.yaml").stdout.startswith("No changes.")
    assert "second: version 1 will be destroyed" in folder.run("plan").stdout
    folder.run("apply", "--auto-approve")

    assert len(folder.servers()) == 1


def test_a_port_in_use_is_named_before_anything_is_taken_down(folder: Any) -> None:
    folder.write()
    folder.run("apply", "--auto-approve")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        (folder.path / "infractl.yaml").write_text(
            f"project: testing\ntargets:\n  local: {{provider: local, ports: {{scores: {port}}}}}\n"
        )
        refused = folder.run("apply", "--auto-approve", code=1).stderr
        assert scores(folder).shape == (1, 2), "the running service goes on"

    assert "port-in-use" in refused and f"127.0.0.1:{port}" in refused
    folder.run("apply", "--auto-approve")
    assert folder.url().endswith(f":{port}")


def test_what_runs_can_be_destroyed_when_its_document_is_broken_or_gone(folder: Any) -> None:
    folder.write("first")
    folder.write("second")
    folder.run("apply", "--auto-approve")
    (folder.path / "first.yaml").unlink()
    (folder.path / "second.yaml").write_text("kind: [unclosed")
    (folder.path / "empty").mkdir()

    folder.run("destroy", "empty", "--auto-approve", code=1)
    assert len(folder.servers()) == 2, "a folder of the project is not the project"
    folder.run("destroy", "--auto-approve")

    assert folder.servers() == [] and folder.run_files() == []


def test_the_last_document_gone_means_that_its_service_goes(folder: Any) -> None:
    folder.write()
    folder.run("apply", "--auto-approve")
    (folder.path / "scores.yaml").unlink()

    plan = folder.run("plan", "--detailed-exitcode", code=2)
    assert "scores: version 1 will be destroyed" in plan.stdout and "no-services" in plan.stderr
    folder.run("apply", "--auto-approve")

    assert folder.servers() == []


def test_a_lock_can_be_broken_and_shuts_its_holder_out(folder: Any) -> None:
    from infractl.clock import SystemClock
    from infractl.domain.address import ServiceKey
    from infractl.errors import StateError
    from infractl.state.local import LocalStateStore

    folder.write()
    folder.run("apply", "--auto-approve")
    key = ServiceKey(project="testing", environment="default", service="scores")
    store = LocalStateStore(folder.path / ".infractl" / "state", SystemClock())
    state = store.read(key)
    lease = store.lock(key, "ada: infractl apply")
    assert "no-terminal" in folder.run("state", "unlock", lease.holder.id, code=1).stderr

    folder.run("state", "unlock", lease.holder.id, "--auto-approve")

    folder.run("apply", "--auto-approve")
    with pytest.raises(StateError, match="state-epoch"):
        store.fold(key, state, expected_serial=2, epoch=lease.epoch)
    assert "lock-unknown" in folder.run("state", "unlock", "no-such-id", "--auto-approve", code=1).stderr
    assert "scores.server.main" in folder.run("state", "list").stdout


def test_a_model_that_changed_under_its_version_is_told(folder: Any) -> None:
    folder.write()
    folder.run("apply", "--auto-approve")
    (folder.path / "one.onnx").write_bytes((folder.path / "two.onnx").read_bytes())

    assert "version 1 is deployed with another model" in folder.run("plan").stdout


def test_after_a_rollback_the_same_server_answers_as_the_version_before(folder: Any) -> None:
    folder.write()
    folder.run("apply", "--auto-approve")
    (server,) = folder.servers()
    folder.write(uri="two.onnx", version="2")
    folder.run("apply", "--auto-approve")

    folder.run("rollback", "scores", "--auto-approve")

    assert answer(folder)["model_version"] == "1"
    np.testing.assert_allclose(scores(folder), direct(folder.path / "one.onnx"), rtol=1e-5)
    assert [p.pid for p in folder.servers()] == [server.pid]


def test_a_renamed_project_is_told_of_what_it_left(folder: Any) -> None:
    folder.write()
    folder.run("apply", "--auto-approve")
    (folder.path / "infractl.yaml").write_text("project: renamed\n")

    assert "this state also holds: testing" in folder.run("plan").stderr


def test_an_apply_whose_reader_goes_away_is_carried_out_all_the_same(folder: Any) -> None:
    folder.write()
    applying = folder.start("apply", "--auto-approve")
    assert applying.stdout is not None and applying.stderr is not None
    applying.stdout.close()
    applying.stderr.close()

    assert applying.wait(60) == 0
    assert folder.run("plan", "--detailed-exitcode").stdout.startswith("No changes.")


def test_a_release_that_cannot_be_loaded_is_partly_applied_and_named(folder: Any) -> None:
    """Its input is of a type that the server's protocol cannot carry, which only the server finds out."""
    kind = onnx.TensorProto.BFLOAT16
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Identity", ["x"], ["y"])],
        "unsendable",
        [onnx.helper.make_tensor_value_info("x", kind, ["batch", 4])],
        [onnx.helper.make_tensor_value_info("y", kind, ["batch", 4])],
    )
    onnx.save(
        onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9), folder.path / "bf16.onnx"
    )
    folder.write(uri="bf16.onnx")

    done = folder.run("apply", "--auto-approve", code=5)

    assert "2 done, 1 failed" in done.stdout
    assert "scores.route.main" in done.stderr and "BF16" in done.stderr
    folder.write()
    folder.run("apply", "--auto-approve")
    np.testing.assert_allclose(scores(folder), direct(folder.path / "one.onnx"), rtol=1e-5)
