"""Reads of one kind of object at one target: those that are asked for while another is under way are asked for together."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import partial

from infractl.applying.wait import Waiting, retried
from infractl.domain.resource import Live, Ref
from infractl.errors import ProviderError, TransientProviderError
from infractl.provider.plugin import GuardedKind


class JoinedRead:
    """A provider answers for many objects as fast as for one: a call for each service would be most of what a plan takes."""

    def __init__(self, kind: GuardedKind) -> None:
        self._kind = kind
        self._guard, self._turn = threading.Lock(), threading.Lock()
        self._open: _Batch | None = None
        self._before: dict[Ref, Live | None] = {}

    def read_before(self, refs: Sequence[Ref], waiting: Waiting) -> None:
        """One call for what many are about to ask for. Each answer is given out once: who asks again is told what is then.

        Where the provider refuses, nothing is kept: it may be one's object that it broke on. Raises TransientProviderError.
        """
        try:
            lives = retried(partial(self._kind.read, refs), waiting)
        except TransientProviderError:
            raise
        except ProviderError:
            return
        with self._guard:
            self._before.update({ref: lives.get(ref) for ref in refs})

    def answered(self, refs: Sequence[Ref]) -> Mapping[Ref, Live] | None:
        """What was read before of `refs`; None where any of them was not."""
        with self._guard:
            if not all(ref in self._before for ref in refs):
                return None
            found = [(ref, self._before.pop(ref)) for ref in dict.fromkeys(refs)]
        return {ref: live for ref, live in found if live is not None}

    def read(self, refs: Sequence[Ref], waiting: Waiting) -> Mapping[Ref, Live]:
        """What lives of `refs`. Raises ProviderError, as if it were asked for these alone."""
        with self._guard:
            first = self._open is None
            batch = self._open = self._open or _Batch()
            batch.refs.extend(refs)
            batch.askers += 1
        if first:
            self._ask(batch, waiting)
        else:
            batch.ended.wait()
        if batch.error is None:
            return {ref: batch.lives[ref] for ref in refs if ref in batch.lives}
        if batch.askers > 1 and isinstance(batch.error, ProviderError) and not isinstance(batch.error, TransientProviderError):
            # It may be another's object that it broke on.
            return retried(partial(self._kind.read, refs), waiting)
        raise batch.error

    def _ask(self, batch: _Batch, waiting: Waiting) -> None:
        try:
            with self._turn:
                with self._guard:
                    self._open = None
                batch.lives = retried(partial(self._kind.read, batch.refs), waiting)
        except BaseException as error:  # noqa: BLE001 - it is raised in each thread that waits
            batch.error = error
        finally:
            with self._guard:
                if self._open is batch:
                    self._open = None
            batch.ended.set()


class _Batch:
    def __init__(self) -> None:
        self.refs: list[Ref] = []
        self.askers = 0
        self.ended = threading.Event()
        self.lives: Mapping[Ref, Live] = {}
        self.error: BaseException | None = None
