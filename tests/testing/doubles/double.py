"""What the doubles of clouds share: a kind over a cloud in memory, and a provider whose target's settings hold that cloud."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from hashlib import sha256
from threading import RLock
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from infractl.domain.action import Action
from infractl.domain.address import Address, Owner
from infractl.domain.health import Health, HealthStatus
from infractl.domain.offer import Offer
from infractl.domain.release import Deployment
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import Properties
from infractl.errors import ProviderError
from infractl.provider.contract import Context, Target
from infractl.provider.schema import Attribute, Schema
from infractl.state.codec import canonical, encode
from infractl.testing.reference.provider import provider as reference

COMPUTED = {"name": Attribute(computed=True), "labels": Attribute(computed=True)}


class DoubleSettings(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)

    cloud: Any = Field(description="The cloud, in this process's memory.")
    machine: str = Field(default="small", description="The type of machine to serve on.")
    autoscaled: bool = Field(default=True, description="Whether an autoscaler owns the number of replicas.")


class DoubleCloud:
    """What is there, by kind and name, and what was deleted, in order. `tick`: something happens each time that one is asked."""

    def __init__(self) -> None:
        self.there: dict[tuple[str, str], dict[str, Any]] = {}
        self.deleted: list[str] = []
        self.lock = RLock()

    def delete(self, kind: str, name: str) -> None:
        self.deleted.append(kind)
        del self.there[kind, name]

    def describe(self, kind: str, name: str) -> dict[str, Any] | None:
        with self.lock:
            if (kind, name) in self.there:
                self.tick(kind, self.there[kind, name])
            return deepcopy(self.there.get((kind, name)))

    def tick(self, kind: str, told: dict[str, Any]) -> None:
        """Nothing takes its time, unless a cloud says so."""


class DoubleKind:
    """Reads and finds what `look` tells of each of the `ids`. What it begins has ended at once, and is well."""

    schema: Schema

    def __init__(self, name: str, cloud: Any) -> None:
        self.name = name
        self.cloud = cloud

    def ids(self) -> Sequence[str]:
        raise NotImplementedError

    def look(self, name: str) -> tuple[Properties, Mapping[str, str]] | None:
        """Its properties and labels."""
        raise NotImplementedError

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        told = {ref: self.look(ref.id) for ref in refs}
        return {ref: Live(ref=ref, properties=of[0], labels=of[1]) for ref, of in told.items() if of}

    def find(self, owner: Owner) -> Sequence[Live]:
        there = self.read([Ref(kind=self.name, id=name) for name in self.ids()])
        return [live for live in there.values() if owner.owns(live.labels)]

    def made(self, step: Step) -> Live | None:
        """The object that carries the step's labels, but for the one that it is to replace."""
        old = step.prior.ref if step.prior else None
        return next((x for x in self.find(step.owner) if step.owner.owns(x.labels) == step.address and x.ref != old), None)

    def pending(self, step: Step, name: str, token: str = "") -> Pending:
        return Pending(ref=Ref(kind=self.name, id=name), action=step.action, token=token)

    def poll(self, pending: Pending) -> Running | Done | Failed:
        return Done(ref=pending.ref)

    def managed(self, desired: Resource, live: Live) -> Properties:
        return {name: found for name, found in live.properties.items() if not self.schema.of(name).computed}

    def health(self, desired: Resource, live: Live) -> Health:
        return Health(HealthStatus.healthy)


class NamedKind(DoubleKind):
    """Objects whose name follows from what is asked for: from its content, unless `named` says otherwise."""

    def ids(self) -> Sequence[str]:
        return [name for kind, name in list(self.cloud.there) if kind == self.name]

    def look(self, name: str) -> tuple[Properties, Mapping[str, str]] | None:
        told = self.cloud.describe(self.name, name)
        return (told, told["labels"]) if told else None

    def begin(self, step: Step) -> Pending:
        if step.action is Action.delete:
            name = step.prior.ref.id
            if self.look(name):
                self.cloud.delete(self.name, name)
            return self.pending(step, name)
        asked = {**step.desired.properties, "labels": dict(step.owner.labels(step.address))}
        name = self.named(asked)
        there = self.look(name)
        if there and step.owner.owns(there[1]) != step.address:
            raise refused(f"Cannot create already existing {self.name} {name}")
        self.put(name, asked, there and there[0])
        return self.pending(step, name)

    def named(self, asked: Properties) -> str:
        return f"{asked['labels']['infractl-service']}-{sha256(canonical(encode(asked))).hexdigest()[:8]}"

    def put(self, name: str, asked: Properties, there: Properties | None) -> None:
        """Make what was asked for. What is `there` under a name that tells its content is that already."""
        if there is None:
            self.cloud.there[self.name, name] = {**asked, "name": name}


class ServiceNamedKind(NamedKind):
    """One object for a service, which keeps its name."""

    def named(self, asked: Properties) -> str:
        return f"{asked['labels']['infractl-service']}-{asked['labels']['infractl-environment']}"


class DoubleProvider:
    """What is the same in every provider of one cloud. `classes` are the kinds, with their names."""

    contract: int = 1
    settings: type[BaseModel] = DoubleSettings
    name: str
    classes: Sequence[tuple[type[DoubleKind], str]]

    @property
    def kinds(self) -> Mapping[str, Schema]:
        return {name: kind.schema for kind, name in self.classes}

    def offers(self, target: Target) -> Sequence[Offer]:
        return reference.offers(target)

    def connect(self, target: Target, context: Context) -> Mapping[str, DoubleKind]:
        return {name: kind(name, target.settings.cloud) for kind, name in self.classes}


def address(deployment: Deployment, kind: str, name: str = "main") -> Address:
    where = {"project": deployment.project, "environment": deployment.environment, "service": deployment.service}
    return Address(**where, kind=kind, name=name)


def refused(why: str) -> ProviderError:
    return ProviderError.of("refused", summary=why)
