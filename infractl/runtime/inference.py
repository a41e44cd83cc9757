"""One inference request, from its head to its answer: who takes it, what it counts as, and what it is told."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from infractl.errors import ModelError
from infractl.protocol.inference import Request
from infractl.protocol.refusal import RequestError
from infractl.runtime.batcher import GoneError, Outcome
from infractl.runtime.exchange import Exchange
from infractl.runtime.http import JSON
from infractl.runtime.joining import Tensors
from infractl.runtime.release import Serving

if TYPE_CHECKING:
    from infractl.runtime.app import PublicApp

log = logging.getLogger(__name__)

_CLIENT_GONE = 499
"""What nginx counts where the client did not wait; nobody receives it."""


class Inference:
    """A visit, and the job that its release's batcher gets. It has entered the app's gate, and leaves that once it ends."""

    __slots__ = (
        *("_app", "_began_s", "_ended", "_entered", "_exchange", "_request", "_serving", "_version"),
        *("arrived_s", "inputs", "items", "join_key"),
    )

    def __init__(self, app: PublicApp, exchange: Exchange, version: str | None, serving: Serving | None) -> None:
        self._app = app
        self._exchange = exchange
        self._version = version
        self._serving = serving
        """What answers; until the body is here, what would."""
        self._request: Request | None = None
        self._entered = False
        self._ended = False
        self._began_s = time.perf_counter()
        self.arrived_s = 0.0

    # a visit

    def receive(self, body: bytes) -> None:
        try:
            # A client that sends slowly takes no place among the release's requests, and another release may answer by then.
            self._serving = serving = self._app.loaded(self._version)
            if not serving.gate.enter():
                raise RequestError(503, f"the server has {serving.gate.bound} requests already, which is all that it takes")
            self._entered = True
            self._request = request = serving.reader.read(body)
        except RequestError as refusal:
            self.refuse(refusal)
            return
        self.inputs, self.items, self.join_key = request.inputs, request.items, request.join_key
        serving.batcher.submit(self)

    def refuse(self, refusal: RequestError) -> None:
        if not self._ended:
            self._end(refusal.status)
            self._app.refuse(self._exchange, refusal)

    def lose(self) -> None:
        # One that waits for a session or has one ends when that is through with it.
        if self._request is None and not self._ended:
            self._end(_CLIENT_GONE)

    # a job

    def is_wanted(self) -> bool:
        return not (self._exchange.gone or self._ended)

    def tell(self, outcome: Outcome) -> None:
        if self._ended:
            return
        if self._exchange.gone or isinstance(outcome, GoneError):
            self._end(_CLIENT_GONE)
        elif isinstance(outcome, ModelError):
            self.refuse(RequestError(500, f"the model failed: {outcome.diagnostics[0].detail}"))
        else:
            self._answer(outcome)

    def _answer(self, outputs: Tensors) -> None:
        serving, request = self._serving, self._request
        if serving is None or request is None:
            raise RuntimeError("outputs for a request that was not given to a batcher")
        try:
            body = serving.writer.write(outputs, request.id, request.outputs)
        except Exception:
            log.exception("an answer could not be written")
            self.refuse(RequestError(500, "the server failed"))
            return
        self._end(200)
        self._exchange.answer(200, body, *self._app.headers(JSON))

    def _end(self, status: int) -> None:
        """Count it, and make room for others."""
        self._ended = True
        self._app.gate.leave()
        serving = self._serving
        if serving is not None and self._entered:
            serving.gate.leave()
        self._app.metrics.answered(serving.version if serving else "", status, time.perf_counter() - self._began_s)
