"""What tests of several rooms share: small real models, and the real command line in a project of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import psutil
import pytest
from hypothesis import settings
from onnx import TensorProto, helper, numpy_helper

from infractl.domain.calibration import Calibration
from infractl.errors import Diagnostic, SpecError
from infractl.hardware.this_machine import this_chip
from infractl.measure.calibrate import method
from infractl.measure.calibration_store import CalibrationFiles
from infractl.measure.machine import machine_facts
from infractl.spec.load import load_project
from infractl.state.codec import decode
from tests.forked import Forked

# How long an example takes says nothing on a machine that others use too.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

MakeMlp = Callable[..., Path]

CALIBRATION = Path(__file__).parent / "cases" / "calibration" / "calibration.json"


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """The command line turns Ctrl-C off when it ends: run inside a test, it would do so for all that this process starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def make_mlp() -> MakeMlp:
    """Writes a multilayer perceptron: `features` FP32 [batch, sizes[0]] → `scores` FP32 [batch, sizes[-1]].

    Another seed gives other weights. `batch` is the first axis: a name, None for a dynamic axis without one, or a number
    for a model that takes only that many items.
    """
    return _make_mlp


def _make_mlp(path: Path, sizes: Sequence[int] = (30, 64, 2), seed: int = 0, batch: str | int | None = "batch") -> Path:
    random = np.random.default_rng(seed)
    nodes, weights, last = [], [], "features"
    for layer, (wide, narrow) in enumerate(pairwise(sizes)):
        final = layer == len(sizes) - 2
        matrix = (random.standard_normal((wide, narrow)) / np.sqrt(wide)).astype(np.float32)
        bias = random.standard_normal(narrow).astype(np.float32)
        weights += [numpy_helper.from_array(matrix, f"weight_{layer}"), numpy_helper.from_array(bias, f"bias_{layer}")]
        product = "scores" if final else f"product_{layer}"
        nodes.append(helper.make_node("Gemm", [last, f"weight_{layer}", f"bias_{layer}"], [product]))
        if not final:
            nodes.append(helper.make_node("Relu", [product], [f"hidden_{layer}"]))
            last = f"hidden_{layer}"
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [batch, sizes[0]])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, sizes[-1]])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def load_broken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], tuple[Diagnostic, ...]]:
    """Gives what is wrong with the documents in a case's folder, which becomes the current directory.

    `paths.txt` names the paths where they are not service.yaml alone, `env.txt` the environment where it is not the default one.
    """

    def load(case: Path) -> tuple[Diagnostic, ...]:
        monkeypatch.chdir(case)
        named, chosen = Path("paths.txt"), Path("env.txt")
        paths = [Path(line) for line in named.read_text().splitlines()] if named.exists() else [Path("service.yaml")]
        with pytest.raises(SpecError) as raised:
            load_project(paths, chosen.read_text().strip() if chosen.exists() else None)
        return raised.value.diagnostics

    return load


SERVICE = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {{name: {name}}}
spec:
  model: {{uri: {uri}, version: "{version}"}}
  slo: {{latency: {{p99: {p99}}}}}
  traffic: {{peak: {peak}}}
{extra}"""


@dataclass
class Folder:
    """A project's directory, and the command line run in it."""

    path: Path
    environment: dict[str, str]
    forked: Forked

    def write(
        self,
        name: str = "scores",
        uri: str = "one.onnx",
        version: str = "1",
        p99: str = "200ms",
        peak: str = "20/s",
        extra: str = "",
    ) -> None:
        text = SERVICE.format(name=name, uri=uri, version=version, p99=p99, peak=peak, extra=extra)
        (self.path / f"{name}.yaml").write_text(text)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "infractl", *words]

    def run(self, *words: str, code: int | None = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = self.forked.run(words, self.path, self.environment, stdin)
        assert "Traceback" not in done.stderr, done.stderr
        if code is not None:
            assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*words),
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def plan(self, *words: str) -> dict[str, Any]:
        plan: dict[str, Any] = json.loads(self.run("plan", "--json", *words).stdout)
        return plan

    def servers(self) -> list[psutil.Process]:
        """The model servers whose settings lie in this project."""
        found = []
        for process in psutil.process_iter():
            try:
                line = process.cmdline()
            except psutil.Error:
                continue
            if "infractl.runtime" in line and line[-1].startswith(str(self.path)):
                found.append(process)
        return found

    def run_files(self) -> list[Path]:
        run = self.path / ".infractl" / "run"
        return [p for p in run.rglob("*") if not p.is_dir()] if run.exists() else []

    def url(self, service: str = "scores") -> str:
        (status,) = [s for s in json.loads(self.run("status", "--json").stdout) if s["key"]["service"] == service]
        url: str = status["outputs"]["url"]
        return url


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a calibration that another machine made: one of this machine takes half a minute, and differs with what else runs."""
    if given := os.environ.get("INFRACTL_TEST_CACHE"):
        return Path(given)
    directory = tmp_path_factory.mktemp("cache")
    known = decode(Calibration, json.loads(CALIBRATION.read_text()))
    here = replace(known, chip=this_chip().name, machine=machine_facts(), method=method(), busy=False)
    CalibrationFiles(directory / "calibrations").put(here)
    return directory


@pytest.fixture(scope="session")
def forked() -> Iterator[Forked]:
    """Where the commands of folders come from."""
    started = Forked()
    yield started
    started.close()


@pytest.fixture(scope="session")
def open_folder(make_mlp: MakeMlp, cache: Path, forked: Forked) -> Callable[[Path], AbstractContextManager[Folder]]:
    """For fixtures whose project outlives one test: the project in this directory, whose servers end with the block."""

    @contextmanager
    def opened(path: Path) -> Iterator[Folder]:
        path.mkdir()
        (path / "infractl.yaml").write_text("project: testing\n")
        make_mlp(path / "one.onnx", (4, 8, 2), seed=1)
        make_mlp(path / "two.onnx", (4, 8, 2), seed=2)
        kept: Mapping[str, str] = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "INFRACTL_GOLDENS")}
        folder = Folder(path=path, environment={**kept, "INFRACTL_CACHE": str(cache)}, forked=forked)
        yield folder
        for process in folder.servers():
            # Not waited for: where nobody takes note of its end at once, that takes seconds.
            with suppress(psutil.NoSuchProcess):
                process.kill()

    return opened


@pytest.fixture
def folder(tmp_path: Path, open_folder: Callable[[Path], AbstractContextManager[Folder]]) -> Iterator[Folder]:
    """A project with two models that give different answers, one.onnx and two.onnx, and nothing declared yet."""
    with open_folder(tmp_path / "project") as folder:
        yield folder
