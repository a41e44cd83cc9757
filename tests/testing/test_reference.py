"""The reference provider's process outlives its clients, and it is found by those alone who registered it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infractl.applying.connection import Connection
from infractl.clock import SystemClock
from infractl.domain.address import Address
from infractl.domain.resource import Resource
from infractl.errors import ProviderError, TransientProviderError
from infractl.state.local import LocalStateStore
from infractl.testing.engine import KEY, Engine
from infractl.testing.plugin import register
from infractl.testing.reference.cloud import Cloud, running, start
from infractl.testing.reference.kind import SCHEMAS, ReferenceKind
from infractl.testing.reference.part import parts
from infractl.testing.sample import Shelf

PATIENCE_S = 180.0

APPLY = """
import sys
from pathlib import Path
from tests.testing.test_reference import engine_of, endpoint
engine_of(Path(sys.argv[1]), Path(sys.argv[2])).apply([endpoint(size=1)])
"""


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with running(tmp_path / "cloud") as cloud:
        yield cloud


def engine_of(cloud: Path, state: Path) -> Engine:
    shelf = Shelf(secrets={"KEY": "open sesame"})
    kinds = {name: ReferenceKind(name, Cloud(cloud), shelf, shelf) for name in SCHEMAS}
    store = LocalStateStore(state, SystemClock())
    return Engine(store=store, connections={"here": Connection.of(kinds, SCHEMAS)}, operation_s=PATIENCE_S)


def endpoint(**properties: Any) -> Resource:
    address = Address(project=KEY.project, environment=KEY.environment, service=KEY.service, kind="endpoint", name="main")
    return Resource(address=address, properties=properties)


def begun(cloud: Cloud) -> list[str]:
    return [entry["action"] for entry in cloud.log(event="begun")]


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for(cloud: Cloud, kind: str) -> None:
    wait_until(lambda: any(entry["kind"] == kind for entry in cloud.log()))


def test_an_operation_ends_although_its_client_was_killed_and_the_next_run_waits_for_it(cloud: Cloud, tmp_path: Path) -> None:
    cloud.delay("endpoint", "create", 2.0)
    command = [sys.executable, "-c", APPLY, str(cloud.directory), str(tmp_path / "state")]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as client:
        wait_for(cloud, "endpoint")
        # Its token is on disk: before that, the next run can only find the object, and not the operation.
        wait_until(lambda: any(b"operation-" in file.read_bytes() for file in (tmp_path / "state").rglob("journal*")))
        client.send_signal(signal.SIGKILL)
    assert cloud.log(event="ended") == []
    engine = engine_of(cloud.directory, tmp_path / "state")

    engine.settle()
    assert engine.apply([endpoint(size=1)]).complete

    assert begun(cloud) == ["create"]
    assert [entry["action"] for entry in cloud.log(event="ended")] == ["create"]
    assert engine.plan([endpoint(size=1)]).changed == ()


def test_an_operation_ends_although_nobody_asks(cloud: Cloud, tmp_path: Path) -> None:
    cloud.delay("endpoint", "create", 0.1)
    cloud.call("begin", action="create", kind="endpoint", key="k", labels={"infractl-name": "main"}, properties={})

    deadline = time.monotonic() + PATIENCE_S
    while not cloud.log(event="ended"):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_update_leaves_replicas_to_their_autoscaler(cloud: Cloud, tmp_path: Path) -> None:
    engine = engine_of(cloud.directory, tmp_path / "state")
    assert engine.apply([endpoint(size=1, replicas=2)]).complete
    scaled, labels = {"size": 1, "replicas": 5}, dict(engine.owner.labels(endpoint().address))
    cloud.call("begin", action="update", kind="endpoint", key="autoscaler", labels=labels, prior="endpoint-1", properties=scaled)

    assert engine.apply([endpoint(size=2, replicas=2)]).complete

    (there,) = cloud.call("read", kind="endpoint", ids=["endpoint-1"])
    assert (there["properties"]["size"], there["properties"]["replicas"]) == (2, 5)


def test_an_object_that_is_being_changed_refuses_another_change_for_now(cloud: Cloud) -> None:
    cloud.delay("endpoint", "update", PATIENCE_S)
    labels = {"infractl-name": "main"}
    made = cloud.call("begin", action="create", kind="endpoint", key="a", labels=labels, properties={})
    cloud.call("begin", action="update", kind="endpoint", key="b", labels=labels, prior=made["id"], properties={"size": 1})

    with pytest.raises(TransientProviderError, match="is updating"):
        cloud.call("begin", action="delete", kind="endpoint", key="c", labels=labels, prior=made["id"])


def test_a_secret_is_kept_by_nobody_and_is_the_right_one(cloud: Cloud, tmp_path: Path) -> None:
    cloud.call("begin", action="create", kind="endpoint", key="a", labels={}, properties={}, secrets={"key": "open sesame"})

    held = [cloud.call("holds", kind="endpoint", thing="endpoint-1", name="key", value=value) for value in ("open sesame", "x")]
    assert held == [True, False]
    files = [path.read_text() for path in cloud.directory.iterdir()]
    assert "open sesame" not in str(files) + str(cloud.call("read", kind="endpoint", ids=["endpoint-1"]))


def test_who_does_not_know_the_password_is_refused(cloud: Cloud) -> None:
    address = cloud.directory / "address.json"
    assert address.stat().st_mode & 0o777 == 0o600
    true = address.read_text()
    address.write_text(json.dumps({**json.loads(true), "password": "guessed"}))

    with pytest.raises(ProviderError, match="reference-password"):
        cloud.call("read", kind="endpoint", ids=[])
    address.write_text(true)


def test_a_process_ends_with_its_directory(tmp_path: Path) -> None:
    cloud = start(tmp_path / "cloud")
    pid = json.loads((cloud.directory / "address.json").read_text())["pid"]

    (cloud.directory / "address.json").unlink()

    deadline = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{pid}/cmdline").exists() and "reference" in Path(f"/proc/{pid}/cmdline").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with pytest.raises(TransientProviderError):
        cloud.call("read", kind="endpoint", ids=[])


def test_it_is_offered_to_those_alone_who_registered_it(tmp_path: Path) -> None:
    ask = [sys.executable, "-c", "from infractl.provider import registry; print(*registry.names())"]
    plugins = register(tmp_path / "plugins")

    told = [
        subprocess.run(ask, env=environment, capture_output=True, text=True, check=True).stdout.split()
        for environment in (dict(os.environ), {**os.environ, "PYTHONPATH": str(plugins)})
    ]

    assert "reference" not in told[0]
    assert told[1] == sorted([*told[0], "reference"])


def test_a_killed_apply_of_the_real_command_line_converges(folder: Any, cloud: Cloud, tmp_path: Path) -> None:
    plugins = register(tmp_path / "plugins")
    folder.environment.update(PYTHONPATH=str(plugins), ENDPOINT_KEY="open sesame")
    target = f"{{provider: reference, directory: {cloud.directory}, key: ENDPOINT_KEY}}"
    (folder.path / "infractl.yaml").write_text(f"project: testing\ntargets: {{cloud: {target}}}\n")
    folder.write()
    cloud.delay("endpoint", "create", 3.0)

    applying = folder.start("apply", "--auto-approve")
    wait_for(cloud, "endpoint")
    applying.send_signal(signal.SIGKILL)
    applying.communicate()
    folder.run("apply", "--auto-approve")

    assert folder.run("plan", "--detailed-exitcode").stdout.startswith("No changes.")
    assert begun(cloud) == ["create", "create", "create"]
    (made,) = cloud.call("find", kind="endpoint", labels={})
    assert cloud.call("holds", kind="endpoint", thing=made["id"], name="key", value="open sesame")
    kept = [path for path in (folder.path / ".infractl").rglob("*") if path.is_file()]
    assert [path for path in kept if b"open sesame" in path.read_bytes()] == []
    folder.run("destroy", "--auto-approve")
    assert [cloud.call("find", kind=kind, labels={}) for kind in SCHEMAS] == [[] for _ in SCHEMAS]


def test_a_service_has_as_many_parts_as_its_target_says_and_they_are_made_in_order(cloud: Cloud, tmp_path: Path) -> None:
    engine = engine_of(cloud.directory, tmp_path / "state")

    done = engine.apply([*parts(KEY, 21, "one")])

    assert done.complete
    made = [live["properties"] for live in cloud.call("find", kind="part", labels={})]
    arns = {f"reference:part/{live['id']}" for live in cloud.call("find", kind="part", labels={})}
    assert len(made) == 21 and {len(properties) for properties in made} == {11}
    assert sorted(p["number"] for p in made if not p["root"]) == [0, 1]
    assert {p["root"] for p in made if p["root"]} | {p["before"] for p in made if p["before"]} <= arns
    assert sum(1 for p in made if p["before"]) == 17
