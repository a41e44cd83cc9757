"""Calls that may never return, made where they hold nobody up: in daemon threads, since a thread cannot be ended from outside."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from infractl.errors import UnansweredError

T = TypeVar("T")


def within(limit_s: float, call: Callable[[], T], what: str) -> T:
    """The call's answer, or what it raises. Raises UnansweredError, which says `what`, after `limit_s`.

    A call that is late goes on in its thread until it returns or the process ends; what it answers then is dropped.
    """
    try:
        caller = _idle.pop()
    except IndexError:
        caller = _Caller()
    answer = caller.ask(call, limit_s)
    if answer is None:
        raise UnansweredError.of(
            "provider-silent",
            summary="a provider does not answer",
            detail=f"{what} did not answer within {limit_s:g}s",
            remedy="see whether the provider is up, then run the command again: it settles what was begun",
        )
    _idle.append(caller)
    if answer.error is not None:
        raise answer.error
    return cast("T", answer.value)


class _Answer:
    __slots__ = ("error", "value")

    def __init__(self, value: Any, error: BaseException | None) -> None:
        self.value, self.error = value, error


class _Caller:
    """A thread that makes one call at a time for others. Two bare locks hand it over: queues would cost several times as much."""

    def __init__(self) -> None:
        self._call: Callable[[], Any] | None = None
        self._answer: _Answer | None = None
        self._asked, self._answered = threading.Lock(), threading.Lock()
        self._asked.acquire()
        self._answered.acquire()
        threading.Thread(target=self._serve, name="infractl-provider-call", daemon=True).start()

    def ask(self, call: Callable[[], Any], limit_s: float) -> _Answer | None:
        """None where the time is up. After that, and after Ctrl-C, the thread ends with its call, and takes no other."""
        self._call = call
        self._asked.release()
        answered = False
        try:
            answered = self._answered.acquire(timeout=min(limit_s, threading.TIMEOUT_MAX))
        finally:
            if not answered:
                self._call = None
                # Where the thread has not even begun, it is on its way to find that there is nothing to call.
                with suppress(RuntimeError):
                    self._asked.release()
        answer, self._answer = self._answer, None
        return answer if answered else None

    def _serve(self) -> None:
        while True:
            self._asked.acquire()
            call, self._call = self._call, None
            if call is None:
                return
            try:
                self._answer = _Answer(call(), None)
            except BaseException as error:  # noqa: BLE001 - it is raised where the call was asked for
                self._answer = _Answer(None, error)
            del call
            self._answered.release()


_idle: deque[_Caller] = deque()
"""Callers that wait for work: as many as ever worked at once. They end with the process."""

# A forked process has their names and not their threads: it would ask in vain.
os.register_at_fork(after_in_child=_idle.clear)
