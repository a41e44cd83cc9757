"""Kinds and stores that break one rule each: what the suites must notice."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infractl.clock import SystemClock
from infractl.domain.action import Action
from infractl.domain.address import Address, Owner, ServiceKey
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.service_state import ServiceState
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import Properties, SecretRef
from infractl.errors import LockHeldError, ProviderError, StateError
from infractl.state.local import LocalStateStore
from infractl.state.lock import LocalLock
from infractl.testing.faults import ALWAYS, Faulty, Lags
from infractl.testing.reference.provider import provider


class MarkedOwner(Owner):
    def labels(self, address: Address) -> Mapping[str, str]:
        return {**Owner.labels(self, address), "mark": secrets.token_hex(4)}


class MakesAnother(Faulty):
    """Every create makes an object, whatever its key and whatever is there."""

    def begin(self, step: Step) -> Pending:
        if step.action is not Action.create:
            return self.kind.begin(step)
        owner = MarkedOwner(key=step.owner.key, lineage=step.owner.lineage)
        return self.kind.begin(replace(step, key=f"{step.key}{secrets.token_hex(4)}", owner=owner))


class AdoptsNothing(MakesAnother):
    """Knows a key again, and no labels."""

    def __init__(self, kind: Any) -> None:
        super().__init__(kind)
        self.pending: dict[str, Pending] = {}

    def begin(self, step: Step) -> Pending:
        if step.key not in self.pending:
            self.pending[step.key] = super().begin(step)
        return self.pending[step.key]


class GivesToAnybody(Faulty):
    """Finds every object of the kind, and says that it is the asker's."""

    def find(self, owner: Owner) -> Sequence[Live]:
        everything = self.kind.cloud.call("find", kind=self.kind.name, labels={})  # type: ignore[attr-defined]
        found = self.kind.read([Ref(kind=told["kind"], id=told["id"]) for told in everything]).values()
        return [replace(live, labels=owner.labels(_address(owner, live.labels))) for live in found]


def _address(owner: Owner, labels: Mapping[str, str]) -> Address:
    key = owner.key
    return Address(
        project=key.project,
        environment=key.environment,
        service=key.service,
        kind=labels["infractl-kind"],
        name=labels["infractl-name"],
    )


class ReadsTheAbsent(Faulty):
    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        return {ref: self.kind.read([ref]).get(ref, Live(ref=ref, properties={}, labels={})) for ref in refs}


class KeepsDefaults(Faulty):
    def managed(self, desired: Resource, live: Live) -> Properties:
        return {**self.kind.managed(desired, live), "timeout_s": 60}


class ForgetsWithTheProcess(Faulty):
    """Operations are known to the connection that began them alone."""

    def __init__(self, kind: Any) -> None:
        super().__init__(kind)
        self.begun: set[str] = set()

    def begin(self, step: Step) -> Pending:
        pending = self.kind.begin(step)
        self.begun.add(pending.token)
        return pending

    def poll(self, pending: Pending) -> Running | Done | Failed:
        return self.kind.poll(pending) if pending.token in self.begun else Failed(detail="there is no such operation")


class DeletesOnce(Faulty):
    def begin(self, step: Step) -> Pending:
        if step.action is Action.delete and step.prior and not self.kind.read([step.prior.ref]):
            raise ProviderError.of("absent", summary="there is no such object")
        return self.kind.begin(step)


class DeletesByAddress(Faulty):
    def begin(self, step: Step) -> Pending:
        if step.action is Action.delete:
            there = [x for x in self.kind.find(step.owner) if step.owner.owns(x.labels) == step.address]
            step = replace(step, prior=there[0]) if there else step
        return self.kind.begin(step)


class TellsSecrets(Faulty):
    def begin(self, step: Step) -> Pending:
        wanted = step.desired.properties.values() if step.desired else ()
        resolve = self.kind.secrets.resolve  # type: ignore[attr-defined]
        told = [resolve(value).reveal() for value in wanted if isinstance(value, SecretRef)]
        pending = self.kind.begin(step)
        return replace(pending, token=" ".join([pending.token, *told]))

    def poll(self, pending: Pending) -> Running | Done | Failed:
        return self.kind.poll(replace(pending, token=pending.token.split()[0]))


class WritesIntoWhatItIsGiven(Faulty):
    def managed(self, desired: Resource, live: Live) -> Properties:
        found = self.kind.managed(desired, live)
        live.properties["seen"] = live.properties.get("seen", 0) + 1  # type: ignore[index]
        return {name: value for name, value in found.items() if name != "seen"}


class LagsForEver(Lags):
    """No read ever shows what was changed, and no look by labels finds it."""

    def __init__(self, kind: Any) -> None:
        super().__init__(kind, reads=ALWAYS)


@dataclass(frozen=True)
class Broken:
    """The reference provider with every kind wrapped. It can be pickled, as another process needs it."""

    fault: Callable[[Any], Any]
    name: str = provider.name
    contract: int = provider.contract

    settings = provider.settings
    kinds = provider.kinds
    offers = provider.offers
    compile = provider.compile

    def connect(self, target: Any, context: Any) -> Mapping[str, Any]:
        return {name: self.fault(kind) for name, kind in provider.connect(target, context).items()}


class LastWriterWins(LocalStateStore):
    def write(self, key: ServiceKey, state: ServiceState, *, expected_serial: int, epoch: int) -> None:
        there = self.read(key)
        serial = there.serial if there else 0
        super().write(key, replace(state, serial=serial + 1), expected_serial=serial, epoch=epoch)


class ChecksBeforeItWrites(LastWriterWins):
    """Not in one step, as a bucket without conditions: another writer may come in between."""

    def write(self, key: ServiceKey, state: ServiceState, *, expected_serial: int, epoch: int) -> None:
        there = self.read(key)
        if (there.serial if there else 0) != expected_serial:
            raise StateError.of("state-serial", summary="the state was changed by somebody else in between")
        time.sleep(0.05)
        written = False
        while not written:
            with suppress(StateError):
                super().write(key, state, expected_serial=expected_serial, epoch=epoch)
                written = True


class AsksForNoEpoch(LocalStateStore):
    def write(self, key: ServiceKey, state: ServiceState, *, expected_serial: int, epoch: int) -> None:
        newest = LocalLock(self._directory(key).path, key).epoch
        super().write(key, state, expected_serial=expected_serial, epoch=newest)


class TakesDamageForNothing(LocalStateStore):
    def read(self, key: ServiceKey) -> ServiceState | None:
        with suppress(StateError):
            return super().read(key)
        return None


class LosesTheJournal(LocalStateStore):
    def entries(self, key: ServiceKey) -> Any:
        return super().entries(key)[1:]


class LetsEverybodyIn(LocalStateStore):
    def lock(self, key: ServiceKey, command: str) -> Any:
        try:
            return super().lock(key, command)
        except LockHeldError:
            holder = self.holder(key)
            assert holder is not None
            self.unlock(key, holder.id)
            return super().lock(key, command)


class KeepsNoHistory(LocalStateStore):
    def history(self, key: ServiceKey) -> Sequence[ServiceState]:
        return ()


class BeginsAlwaysAnew(LocalStateStore):
    def write(self, key: ServiceKey, state: ServiceState, *, expected_serial: int, epoch: int) -> None:
        expected_serial = expected_serial if self.read(key) else 0
        super().write(key, replace(state, serial=expected_serial + 1), expected_serial=expected_serial, epoch=epoch)


def open_store(store: type[LocalStateStore], root: Path) -> LocalStateStore:
    return store(root, SystemClock())
