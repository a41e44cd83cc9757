"""The provider that a suite is about, and the life of one service on it, driven step by step with the engine's own waiting."""

from __future__ import annotations

import multiprocessing
import secrets
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from infractl.applying.connection import Connection
from infractl.applying.wait import Waiting, read_back, read_gone, retried, wait
from infractl.clock import SystemClock
from infractl.domain.action import Action
from infractl.domain.address import Address, Owner, ServiceKey
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled, Live, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import resolve
from infractl.errors import InfractlError
from infractl.planning.graph import sorted_resources
from infractl.provider.contract import Context, Provider, Target
from infractl.provider.plugin import GuardedKind
from infractl.testing.sample import Shelf, sample_deployment, sample_model

VERSIONS = ("1", "2")


class Sender(Protocol):
    """The end of a pipe that is written to."""

    def send(self, text: str) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What an author hands to the suite. `directory` is a run directory for the tests alone.

    `secrets` are the values of the secrets that compiled resources refer to, by name. `patience_s` is how long one operation
    may take, `settle_s` how long a change may take to show in a read.
    """

    provider: Provider
    settings: BaseModel
    directory: Path
    secrets: Mapping[str, str] = field(default_factory=dict)
    patience_s: float = 120.0
    settle_s: float = 5.0

    @property
    def target(self) -> Target:
        return Target(name="suite", provider=self.provider.name, settings=self.settings)

    @property
    def waiting(self) -> Waiting:
        return Waiting(clock=SystemClock(), tell=lambda _: None, operation_s=self.patience_s, settle_s=self.settle_s)


class Life:
    """One service of its own name and lineage, so that no test meets what another made."""

    def __init__(self, subject: Subject, folder: Path) -> None:
        self.subject = subject
        drawn = secrets.token_hex(4)
        self.owner = Owner(
            key=ServiceKey(project="suite", environment="testing", service=f"suite-{drawn}"), lineage=secrets.token_hex(16)
        )
        self.shelf = Shelf(secrets=dict(subject.secrets))
        self.models = {v: sample_model(folder / f"model-{drawn}-{v}.onnx", int(v)) for v in VERSIONS}
        self.kinds = self.connect()
        self.live: dict[Address, Live] = {}
        self.wanted: dict[Address, Resource] = {}
        self._begun = 0

    def connect(self) -> Mapping[str, GuardedKind]:
        """Fresh kinds, guarded as the engine guards them, as another process would have them."""
        return connect(self.subject, self.shelf)

    def deployment(self, version: str = "1") -> Deployment:
        """Version 2 has another model and another serving configuration."""
        offer = self.subject.provider.offers(self.subject.target)[0]
        model = self.models[version]
        size = model.stat().st_size
        return sample_deployment(offer, self.shelf.put(model), size, version, self.owner.key, max_concurrency=64 * int(version))

    def compile(self, version: str = "1") -> Compiled:
        return self.subject.provider.compile(self.deployment(version), self.subject.target)

    def resources(self, version: str = "1") -> Sequence[Resource]:
        """What is compiled, in the order in which it can be made."""
        return sorted_resources(self.compile(version).resources)

    def make_all(self) -> None:
        for resource in self.resources():
            self.make(resource)

    def make(self, resource: Resource) -> Live:
        """Create one resource and read it back, once it is what was asked for and is healthy."""
        step = self.creation(resource)
        return self.finish(step, self.begin(step))

    def begin(self, step: Step) -> Pending:
        """Waits for an object that is busy, as the engine does."""
        return retried(lambda: self.kinds[step.address.kind].begin(step), self.subject.waiting)

    def finish(self, step: Step, pending: Pending) -> Live:
        ref = self.ended(pending).ref
        assert step.desired is not None
        live = read_back(self.kinds[ref.kind], step.desired, ref, self.subject.waiting)
        assert isinstance(live, Live), f"{step.address}: {_failure(live)}"
        self.live[step.address], self.wanted[step.address] = live, step.desired
        return live

    def ended(self, pending: Pending) -> Done:
        """Waits as the engine does."""
        answer = wait(self.kinds[pending.ref.kind], pending, self.subject.waiting)
        assert isinstance(answer, Done), f"{pending.action.value} of {pending.ref.kind} {pending.ref.id}: {_failure(answer)}"
        return answer

    def remove(self, address: Address) -> None:
        """Delete what was made at the address, and see it gone."""
        live = self.live[address]
        self.ended(self.begin(self.deletion(address, live)))
        left = read_gone(self.kinds[address.kind], live.ref, self.subject.waiting)
        assert left is None, f"{address}: {_failure(left)}"

    def creation(self, resource: Resource, key: str = "") -> Step:
        """The step that creates it, with every Output read from what was made before."""
        known = resolve(resource.properties, lambda output: self.live[output.address].properties[output.attribute])
        desired = replace(resource, properties=known)
        return self.step(Action.create, resource.address, desired, None, key)

    def deletion(self, address: Address, live: Live) -> Step:
        return self.step(Action.delete, address, None, live)

    def step(self, action: Action, address: Address, desired: Resource | None, prior: Live | None, key: str = "") -> Step:
        """A step with a key of its own, unless one is given."""
        self._begun += 1
        own = f"{self.owner.lineage}:{self._begun}:{address}:{action.value}"
        return Step(action=action, key=key or own, address=address, owner=self.owner, desired=deepcopy(desired), prior=prior)

    def found(self, address: Address) -> list[Live]:
        """What carries the address's labels."""
        owner = self.owner
        return [live for live in self.kinds[address.kind].find(owner) if owner.owns(live.labels) == address]

    def elsewhere(self, pending: Pending) -> str:
        """How the operation ends for another process, with a connection of its own: "" if well.

        The process is a new one and no fork, so the provider must be an object that can be imported.
        """
        context = multiprocessing.get_context("spawn")
        reader, writer = context.Pipe(duplex=False)
        process = context.Process(target=_poll, args=(self.subject, self.shelf, pending, writer))
        process.start()
        writer.close()
        try:
            told: str = reader.recv()
        except EOFError:
            told = "the process that polled died"
        process.join()
        return told

    def sweep(self) -> None:
        """Delete whatever carries this service's labels, what others need last."""
        kinds = list(dict.fromkeys(r.address.kind for r in self.resources()))
        for kind in reversed(kinds):
            for live in self.kinds[kind].find(self.owner):
                if address := self.owner.owns(live.labels):
                    self.ended(self.begin(self.deletion(address, live)))


def connect(subject: Subject, shelf: Shelf) -> Mapping[str, GuardedKind]:
    context = Context(clock=SystemClock(), blobs=shelf, secrets=shelf, directory=subject.directory)
    return Connection.of(subject.provider.connect(subject.target, context), subject.provider.kinds).kinds


def _poll(subject: Subject, shelf: Shelf, pending: Pending, told: Sender) -> None:
    """Runs in the other process."""
    try:
        answer = wait(connect(subject, shelf)[pending.ref.kind], pending, subject.waiting)
        told.send("" if isinstance(answer, Done) else _failure(answer))
    except InfractlError as error:
        told.send(str(error))


def _failure(answer: Failed | Running | Live) -> str:
    match answer:
        case Failed(detail=detail, live=live):
            return "; ".join(part for part in (detail, live) if part)
        case Running(detail=detail):
            return f"it did not end in time: {detail}"
    return ""
