"""Real models, a real run directory and a driver that begins and polls as the engine does."""

from __future__ import annotations

import hashlib
import json
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import psutil
import pytest
from onnx import TensorProto, helper, numpy_helper

from infractl.clock import SystemClock
from infractl.domain.action import Action
from infractl.domain.address import Address, Owner, ServiceKey
from infractl.domain.artifact import Artifact
from infractl.domain.cost import Cost
from infractl.domain.figure import Basis, Figure
from infractl.domain.placement import Placement, Prediction
from infractl.domain.recipe import AS_GIVEN
from infractl.domain.release import Deployment, Release, ServingConfig
from infractl.domain.resource import Compiled, Live, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import SecretRef, resolve
from infractl.provider.contract import Context, Kind, Target
from infractl.provider.secret import Secret
from infractl.tensors import Dtype, Signature, TensorSpec
from infractl_local import machine
from infractl_local.provider import provider
from infractl_local.settings import LocalSettings

KEY = ServiceKey(project="shop", environment="default", service="fraud")
PATIENCE_S = 60.0
SIGNATURE = Signature(
    inputs=(TensorSpec(name="x", dtype=Dtype.float32, shape=("batch", 4)),),
    outputs=(TensorSpec(name="y", dtype=Dtype.float32, shape=("batch", 2)),),
)


def make_model(path: Path, seed: int) -> Path:
    """`y = relu(x @ w + b)` with weights drawn by `seed`."""
    draw = np.random.default_rng(seed)
    weights = [
        numpy_helper.from_array(draw.normal(size=(4, 2)).astype(np.float32), "w"),
        numpy_helper.from_array(draw.normal(size=2).astype(np.float32), "b"),
    ]
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 2])],
        weights,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10), path)
    return path


@dataclass(frozen=True)
class Question:
    """Two rows for the model: as a request's body, what is read from an answer, and what ONNX Runtime itself says."""

    rows: tuple[tuple[float, ...], ...] = ((0.1, -0.2, 0.3, 0.4), (1.0, 2.0, -3.0, 4.0))

    @property
    def body(self) -> dict[str, Any]:
        data = [value for row in self.rows for value in row]
        return {"inputs": [{"name": "x", "datatype": "FP32", "shape": [len(self.rows), 4], "data": data}]}

    def answer(self, given: Mapping[str, Any]) -> list[float]:
        return next(output["data"] for output in given["outputs"] if output["name"] == "y")

    def expected(self, model: Path) -> Any:
        session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        result = session.run(["y"], {"x": np.array(self.rows, dtype=np.float32)})[0]
        return pytest.approx(result.ravel().tolist(), rel=1e-6)


@dataclass
class Shelf:
    """Blobs and secrets: files by digest, and no secret."""

    files: dict[str, Path] = field(default_factory=dict)

    def put(self, path: Path) -> str:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        self.files[digest] = path
        return digest

    def path(self, digest: str) -> Path:
        return self.files[digest]

    def resolve(self, ref: SecretRef) -> Secret:
        raise AssertionError(f"nobody needs {ref}")


class World:
    """One project on this machine, driven as the engine drives it."""

    def __init__(
        self, root: Path, settings: LocalSettings | None = None, lineage: str = "lineage-1", target: str = "local"
    ) -> None:
        self.root = root
        self.target = Target(name=target, provider="local", settings=settings or LocalSettings())
        self.owner = Owner(key=KEY, lineage=lineage)
        self.shelf = Shelf()
        self.kinds = self.connect()
        self.live: dict[Address, Live] = {}

    def connect(self) -> dict[str, Kind]:
        """Fresh kinds, as another process would have them."""
        context = Context(clock=SystemClock(), blobs=self.shelf, secrets=self.shelf, directory=self.root)
        return dict(provider.connect(self.target, context))

    def compile(self, model: Path, version: str = "1", **config: Any) -> Compiled:
        return provider.compile(deployment(self.shelf.put(model), model.stat().st_size, version, **config), self.target)

    def apply(self, compiled: Compiled) -> None:
        """Create or update every resource in order, then delete what is no longer wanted."""
        for wanted in compiled.resources:
            self.reach(wanted)
        wanted_addresses = {r.address for r in compiled.resources}
        for address in [a for a in self.live if a not in wanted_addresses]:
            self.delete(address)

    def destroy(self) -> None:
        for kind in ("route", "server", "artifact"):
            for address in [a for a in self.live if a.kind == kind]:
                self.delete(address)

    def reach(self, wanted: Resource) -> Live:
        action = Action.update if wanted.address in self.live else Action.create
        ended = self.drive(self.step(action, self.resolved(wanted)))
        assert isinstance(ended, Done), ended
        self.live[wanted.address] = self.kinds[wanted.address.kind].read([ended.ref])[ended.ref]
        return self.live[wanted.address]

    def delete(self, address: Address) -> None:
        ended = self.drive(self.removal(address))
        assert isinstance(ended, Done), ended

    def removal(self, address: Address) -> Step:
        return Step(
            action=Action.delete, key="key", address=address, owner=self.owner, desired=None, prior=self.live.pop(address)
        )

    def step(self, action: Action, wanted: Resource) -> Step:
        return Step(
            action=action,
            key="key",
            address=wanted.address,
            owner=self.owner,
            desired=wanted,
            prior=self.live.get(wanted.address),
        )

    def resolved(self, wanted: Resource) -> Resource:
        known = resolve(wanted.properties, lambda output: self.live[output.address].properties[output.attribute])
        return replace(wanted, properties=known)

    def drive(self, step: Step) -> Done | Failed:
        return self.wait(self.kinds[step.address.kind].begin(step))

    def wait(self, pending: Pending, kinds: dict[str, Kind] | None = None) -> Done | Failed:
        kind = (kinds or self.kinds)[pending.ref.kind]
        clock = SystemClock()
        end = clock.monotonic() + PATIENCE_S
        while clock.monotonic() < end:
            match kind.poll(pending):
                case Running(after_s=after_s):
                    clock.sleep(after_s)
                case ended:
                    return ended
        raise AssertionError(f"{pending} has not ended")

    def ask(self, question: Question) -> list[float]:
        return question.answer(self.kinds["route"].invoke(self.one("route"), question.body))

    @property
    def servers(self) -> list[psutil.Process]:
        return servers_below(self.root)

    @property
    def files(self) -> list[Path]:
        return sorted(self.root.rglob("*")) if self.root.exists() else []

    def one(self, kind: str) -> Live:
        return next(live for address, live in self.live.items() if address.kind == kind)

    def again(self, kind: str) -> Live | None:
        """The object of that kind as another process reads it."""
        ref = self.one(kind).ref
        return self.connect()[kind].read([ref]).get(ref)


def deployment(digest: str, size_bytes: int, version: str = "1", **config: Any) -> Deployment:
    offer = machine.offer("local")
    figure = Figure(value=0.001, unit="s", low=0.001, high=0.001, basis=Basis.estimated, source="test")
    placement = Placement(
        offer=offer,
        recipe=AS_GIVEN,
        replicas=1,
        batch=4,
        instances=1,
        threads=1,
        prediction=Prediction(
            rate_per_s=20.0, latency_s={50: figure}, capacity_per_s=figure, memory_bytes=figure, utilization=0.1
        ),
        cost=Cost(floor=(), expected=(), ceiling=()),
    )
    serving = {
        "max_batch": 4,
        "max_delay_s": 0.0,
        "instances": 1,
        "threads": 1,
        "max_concurrency": 64,
        "warmup": 1,
        "reject_non_finite": True,
        **config,
    }
    artifact = Artifact(
        digest=digest, size_bytes=size_bytes, format="onnx", recipe=AS_GIVEN, signature=SIGNATURE, source_digest=digest
    )
    release = Release(version=version, artifact=artifact, placement=placement, config=ServingConfig(**serving))
    return Deployment(project=KEY.project, environment=KEY.environment, service=KEY.service, stable=release)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "one.onnx", seed=1)


@pytest.fixture
def second_model(tmp_path: Path) -> Path:
    return make_model(tmp_path / "two.onnx", seed=2)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Path]:
    """A run directory, whose servers do not outlive the test."""
    root = tmp_path / "run"
    yield root
    for process in servers_below(root):
        process.send_signal(signal.SIGKILL)
        process.wait(10)


@pytest.fixture
def new_world(run: Path) -> Callable[..., World]:
    """Makes a world; by default in the test's run directory."""
    return lambda root=run, **options: World(root, **options)


@pytest.fixture
def world(run: Path) -> World:
    return World(run)


@pytest.fixture
def question() -> Question:
    return Question()


def servers_below(root: Path) -> list[psutil.Process]:
    """Every model server whose settings lie below `root`, found by command line: independent of what the provider records."""
    found = psutil.process_iter(["cmdline"])
    return [
        p
        for p in found
        if "infractl.runtime" in (p.info["cmdline"] or []) and p.info["cmdline"][-1].startswith(str(root.resolve()))
    ]


@pytest.fixture
def rewrite() -> Callable[..., None]:
    """Changes members of a JSON file."""

    def change(path: Path, **members: Any) -> None:
        path.write_text(json.dumps({**json.loads(path.read_bytes()), **members}))

    return change


@pytest.fixture
def new_deployment() -> Callable[..., Deployment]:
    return deployment
