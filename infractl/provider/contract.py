"""What a plugin implements. Protocols: nothing is inherited, and whatever has these members is a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel

from infractl.clock import Clock
from infractl.domain.address import Owner
from infractl.domain.health import Health
from infractl.domain.machine import Machine
from infractl.domain.offer import Offer
from infractl.domain.release import Deployment
from infractl.domain.resource import Compiled, Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import Properties, SecretRef
from infractl.provider.schema import Schema
from infractl.provider.secret import Secret

CONTRACT = 1
"""The version of this contract; a plugin names the one it was written for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A provider plus where: an entry of `infractl.yaml`, with the provider's own settings, validated.

    `machines` are those that are declared there, by pool: for a provider that takes them (`TakesMachines`), else none.
    """

    name: str
    provider: str
    settings: BaseModel
    machines: Mapping[str, Machine] = field(default_factory=dict)


NOTHING = Compiled(resources=(), outputs={})
"""What a provider without kinds makes of a deployment."""


class Blobs(Protocol):
    def path(self, digest: str) -> Path:
        """A local file that holds the artifact. Raises StateError where it is missing or damaged."""
        ...


class Secrets(Protocol):
    def resolve(self, ref: SecretRef) -> Secret:
        """The secret's value. Raises ProviderError that names the reference, never a value."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a provider is given besides its target. `directory` is the project's run directory, for what runs on this machine."""

    clock: Clock
    blobs: Blobs
    secrets: Secrets
    directory: Path


class Kind(Protocol):
    """One sort of object at one connected target. Several threads may call it at once, never two for one object."""

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        """Many at once; what is absent is left out."""
        ...

    def find(self, owner: Owner) -> Sequence[Live]:
        """What carries the owner's labels: for adoption and orphans. `owner.owns(labels)` says so of any labels.

        Where `owner.lineage` is ANY_LINEAGE, whatever lineage an object names: what is left of a service whose state was lost.
        """
        ...

    def begin(self, step: Step) -> Pending:
        """Start one create, update or delete; idempotent by `step.key`.

        A create adopts an object that carries the step's labels; an update is of `step.prior`, and writes the labels, which an
        object that was imported, or whose service was renamed, does not carry yet; a delete of what is absent succeeds.
        Raises ProviderError; TransientProviderError where the same call may succeed later, and BusyProviderError where it will
        once what happens to the object has ended, whoever began that.
        """
        ...

    def poll(self, pending: Pending) -> Running | Done | Failed:
        """How it stands. Never waits: the engine does. Works in another process than the one that began."""
        ...

    def managed(self, desired: Resource, live: Live) -> Properties:
        """Pure: the live object in desired's terms, without the provider's own defaults and computed attributes."""
        ...

    def health(self, desired: Resource, live: Live) -> Health:
        """Pure: whether the live object is well, and what `desired` asked for."""
        ...


class Provider(Protocol):
    """What an entry point of the group `infractl.providers` names: an object with these members.

    A provider without kinds only offers: plans decide and price with it, and nothing is applied. It compiles to NOTHING.
    """

    name: str
    contract: int
    settings: type[BaseModel]
    kinds: Mapping[str, Schema]

    def offers(self, target: Target) -> Sequence[Offer]:
        """What can be bought at the target."""
        ...

    def compile(self, deployment: Deployment, target: Target) -> Compiled:
        """Pure: the deployment in this provider's objects."""
        ...

    def connect(self, target: Target, context: Context) -> Mapping[str, Kind]:
        """Clients for every kind. Raises ProviderError where the target cannot be used."""
        ...
