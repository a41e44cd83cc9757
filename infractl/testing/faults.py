"""Kinds that misbehave as clouds do: each wraps a good one and does one thing wrong, for tests of the engine and of plugins.

Such as `Connection.of({"endpoint": Throttles(kind, times=2)}, schemas)`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from infractl.domain.action import Action
from infractl.domain.address import Owner
from infractl.domain.health import Health
from infractl.domain.resource import Live, Ref, Resource
from infractl.domain.step import Done, Failed, Pending, Running, Step
from infractl.domain.value import Properties, Redacted
from infractl.errors import TransientProviderError
from infractl.provider.contract import Kind

ALWAYS = 1 << 30
"""More often than any test calls."""

ASK_AGAIN_S = 0.02


class Faulty:
    """Does as the kind that it wraps does, capabilities included."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kind, name)

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        return self.kind.read(refs)

    def find(self, owner: Owner) -> Sequence[Live]:
        return self.kind.find(owner)

    def begin(self, step: Step) -> Pending:
        return self.kind.begin(step)

    def poll(self, pending: Pending) -> Running | Done | Failed:
        return self.kind.poll(pending)

    def managed(self, desired: Resource, live: Live) -> Properties:
        return self.kind.managed(desired, live)

    def health(self, desired: Resource, live: Live) -> Health:
        return self.kind.health(desired, live)


class Raises(Faulty):
    """Raises `error` in one method ("read", "find", "begin" or "poll"), the first `times` that it is called.

    `acted`: the call was carried out before it failed.
    """

    def __init__(self, kind: Kind, error: Exception, *, method: str = "begin", times: int = ALWAYS, acted: bool = False) -> None:
        super().__init__(kind)
        self.error, self.method, self.left, self.acted = error, method, times, acted

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        self._fail("read", refs)
        return self.kind.read(refs)

    def find(self, owner: Owner) -> Sequence[Live]:
        self._fail("find", owner)
        return self.kind.find(owner)

    def begin(self, step: Step) -> Pending:
        self._fail("begin", step)
        return self.kind.begin(step)

    def poll(self, pending: Pending) -> Running | Done | Failed:
        self._fail("poll", pending)
        return self.kind.poll(pending)

    def _fail(self, method: str, given: object) -> None:
        if method != self.method or self.left <= 0:
            return
        self.left -= 1
        if self.acted:
            getattr(self.kind, method)(given)
        raise self.error


class Throttles(Raises):
    """Refuses the first calls of a method as too many: the same call may succeed later."""

    def __init__(self, kind: Kind, *, method: str = "begin", times: int = ALWAYS) -> None:
        error = TransientProviderError.of("fault-throttled", summary="the provider is asked too often")
        super().__init__(kind, error, method=method, times=times)


class LosesTheAnswer(Raises):
    """Carries a begin out and does not say so: the connection broke before the answer came."""

    def __init__(self, kind: Kind, *, times: int = ALWAYS) -> None:
        error = TransientProviderError.of("fault-no-answer", summary="the connection broke before the answer came")
        super().__init__(kind, error, times=times, acted=True)


class Hangs(Faulty):
    """What was begun never ends; a call of `method` takes `call_s` and then breaks off, as a client with a time limit does."""

    def __init__(self, kind: Kind, *, method: str = "", call_s: float = 0.0) -> None:
        super().__init__(kind)
        self.method, self.call_s = method, call_s

    def begin(self, step: Step) -> Pending:
        self._hang("begin")
        return self.kind.begin(step)

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        self._hang("read")
        return self.kind.read(refs)

    def find(self, owner: Owner) -> Sequence[Live]:
        self._hang("find")
        return self.kind.find(owner)

    def poll(self, pending: Pending) -> Running | Done | Failed:
        self._hang("poll")
        return self.kind.poll(pending) if self.method else Running(detail="nothing moves", after_s=ASK_AGAIN_S)

    def _hang(self, method: str) -> None:
        if method == self.method:
            time.sleep(self.call_s)
            raise TransientProviderError.of("fault-timeout", summary="the provider does not answer in time")


class Lies(Faulty):
    """Answers that all is done, and does nothing."""

    def begin(self, step: Step) -> Pending:
        ref = step.prior.ref if step.prior else Ref(kind=step.address.kind, id="never-made")
        return Pending(ref=ref, action=step.action, token="a lie")

    def poll(self, pending: Pending) -> Running | Done | Failed:
        return Done(ref=pending.ref)


class AnswersTwice(Faulty):
    """Every begin arrives twice, as behind a proxy that tries again: what counts is the second answer."""

    def begin(self, step: Step) -> Pending:
        self.kind.begin(step)
        return self.kind.begin(step)


class RollsBack(Faulty):
    """Carries a create or an update out, says that it is done, and takes it back without a word."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(kind)
        self.begun: dict[Pending, Step] = {}

    def begin(self, step: Step) -> Pending:
        pending = self.kind.begin(step)
        self.begun[pending] = step
        return pending

    def poll(self, pending: Pending) -> Running | Done | Failed:
        answer = self.kind.poll(pending)
        if isinstance(answer, Done) and (step := self.begun.pop(pending, None)) is not None:
            self._take_back(step, answer.ref)
        return answer

    def _take_back(self, step: Step, ref: Ref) -> None:
        if step.action is Action.delete or step.desired is None:
            return
        key = f"{step.key}:taken-back"
        if step.action is Action.create or step.prior is None:
            made = self.kind.read([ref])[ref]
            back = replace(step, action=Action.delete, key=key, desired=None, prior=made)
        else:
            before = _as_it_was(self.kind.managed(step.desired, step.prior), step.desired.properties)
            back = replace(step, key=key, desired=replace(step.desired, properties=before))
        pending = self.kind.begin(back)
        while isinstance(self.kind.poll(pending), Running):
            time.sleep(ASK_AGAIN_S)


class Lags(Faulty):
    """Reads are eventually consistent: what a begin changed is shown as it was, the first `reads` times that it is asked for."""

    def __init__(self, kind: Kind, *, reads: int) -> None:
        super().__init__(kind)
        self.reads = reads
        self.stale: dict[Ref, tuple[int, Live | None]] = {}

    def begin(self, step: Step) -> Pending:
        pending = self.kind.begin(step)
        self.stale[pending.ref] = (self.reads, None if step.action is Action.create else step.prior)
        return pending

    def read(self, refs: Sequence[Ref]) -> Mapping[Ref, Live]:
        shown = {**self.kind.read(refs)}
        for ref in [ref for ref in refs if ref in self.stale]:
            shown.pop(ref, None)
            if (live := self._shown(ref)) is not None:
                shown[ref] = live
        return shown

    def find(self, owner: Owner) -> Sequence[Live]:
        found = {live.ref: live for live in self.kind.find(owner)}
        for ref in [ref for ref in (*found,) if ref in self.stale]:
            if (live := self._shown(ref)) is None:
                del found[ref]
            else:
                found[ref] = live
        return list(found.values())

    def _shown(self, ref: Ref) -> Live | None:
        left, before = self.stale[ref]
        if left > 0:
            self.stale[ref] = (left - 1, before)
            return before
        del self.stale[ref]
        return self.kind.read([ref]).get(ref)


def _as_it_was(managed: Properties, wanted: Properties) -> Properties:
    """A secret's value is not known: the reference that is wanted now stands for it."""
    return {name: wanted[name] if isinstance(found, Redacted) else found for name, found in managed.items()}
