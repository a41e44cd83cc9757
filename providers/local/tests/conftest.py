"""Real models, a real run directory and a driver that begins and polls as the engine does."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import psutil
import pytest

from infractl.clock import SystemClock
from infractl.domain.action import Action
from infractl.domain.address import Address, Owner
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled, Live, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import resolve
from infractl.provider.contract import Context, Kind, Target
from infractl.testing.sample import REQUEST, SAMPLE_KEY, Shelf, sample_deployment, sample_model
from infractl_local import machine
from infractl_local.provider import provider
from infractl_local.settings import LocalSettings

PATIENCE_S = 60.0


@dataclass(frozen=True)
class Question:
    """Two rows for the model: as a request's body, what is read from an answer, and what ONNX Runtime itself says."""

    body: Mapping[str, Any] = field(default_factory=lambda: REQUEST)

    def answer(self, given: Mapping[str, Any]) -> list[float]:
        return next(output["data"] for output in given["outputs"] if output["name"] == "y")

    def expected(self, model: Path) -> Any:
        session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
        (given,) = self.body["inputs"]
        result = session.run(["y"], {given["name"]: np.array(given["data"], dtype=np.float32).reshape(given["shape"])})[0]
        return pytest.approx(result.ravel().tolist(), rel=1e-6)


class World:
    """One project on this machine, driven as the engine drives it."""

    def __init__(
        self, root: Path, settings: LocalSettings | None = None, lineage: str = "lineage-1", target: str = "local"
    ) -> None:
        self.root = root
        self.target = Target(name=target, provider="local", settings=settings or LocalSettings())
        self.owner = Owner(key=SAMPLE_KEY, lineage=lineage)
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


def deployment(digest: str, size_bytes: int, version: str = "1", **serving: Any) -> Deployment:
    return sample_deployment(machine.offer("local"), digest, size_bytes, version, **serving)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return sample_model(tmp_path / "one.onnx", seed=1)


@pytest.fixture
def second_model(tmp_path: Path) -> Path:
    return sample_model(tmp_path / "two.onnx", seed=2)


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


@pytest.fixture(scope="session")
def servers() -> Callable[[Path], list[psutil.Process]]:
    """Every model server below a directory."""
    return servers_below
