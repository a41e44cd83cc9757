"""A project at the reference provider, and the command line run in this process: an import less for each command."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infractl.cli.main import main
from infractl.clock import SystemClock
from infractl.domain.address import ServiceKey
from infractl.domain.service_state import ServiceState
from infractl.state.local import LocalStateStore
from infractl.testing.plugin import register
from infractl.testing.reference.cloud import Cloud, running

DOCUMENT = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {{name: {name}}}
spec:
  model: {{uri: {uri}, version: "{version}"}}
{extra}"""


@dataclass(frozen=True)
class Done:
    """A command that ended: its code and what it printed."""

    code: int
    stdout: str
    stderr: str


@dataclass
class Scene:
    """A project's directory with two models, one.onnx and two.onnx, and the provider's process."""

    path: Path
    cloud: Cloud
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def write(self, name: str = "scores", uri: str = "one.onnx", version: str = "1", extra: str = "") -> None:
        (self.path / f"{name}.yaml").write_text(DOCUMENT.format(name=name, uri=uri, version=version, extra=extra))

    def run(self, *words: str, code: int = 0) -> Done:
        self.monkeypatch.chdir(self.path)
        self.monkeypatch.setattr(sys, "argv", ["infractl", *words])
        self.capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        out, err = self.capsys.readouterr()
        done = Done(int(ended.value.code or 0), out, err)
        assert done.code == code, f"{words}: {done.code}\n{out}\n{err}"
        return done

    def apply(self) -> None:
        self.run("apply", "--auto-approve")

    def store(self) -> LocalStateStore:
        return LocalStateStore(self.path / ".infractl" / "state", SystemClock())

    def state(self, service: str = "scores") -> ServiceState:
        state = self.store().read(ServiceKey(project="testing", environment="default", service=service))
        assert state is not None
        return state

    def begun(self) -> list[str]:
        """What the provider was asked for, oldest first: `create endpoint`."""
        return [f"{entry['action']} {entry['kind']}" for entry in self.cloud.log(event="begun")]

    def lives(self, kind: str, service: str = "scores") -> list[Any]:
        labels = {"infractl-service": service}
        found: list[Any] = self.cloud.call("find", kind=kind, labels=labels)
        return found

    def plan(self, *words: str) -> Any:
        (service,) = json.loads(self.run("plan", "--json", *words).stdout)["plan"]["services"]
        return service


@pytest.fixture
def scene(
    tmp_path: Path,
    make_mlp: Callable[..., Path],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Scene]:
    path = tmp_path / "project"
    path.mkdir()
    monkeypatch.syspath_prepend(str(register(tmp_path / "plugins")))
    monkeypatch.setenv("INFRACTL_CACHE", str(cache))
    make_mlp(path / "one.onnx", (4, 8, 2), seed=1)
    make_mlp(path / "two.onnx", (4, 8, 2), seed=2)
    with running(tmp_path / "cloud") as cloud:
        settings = f"provider: reference, directory: {cloud.directory}"
        (path / "infractl.yaml").write_text(f"project: testing\ntargets: {{there: {{{settings}}}}}\n")
        yield Scene(path, cloud, monkeypatch, capsys)
