"""The public port: Open Inference Protocol routes and the metrics, a bare ASGI app."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from infractl import __version__
from infractl.errors import ModelError
from infractl.protocol.inference import decode_request, encode_error, encode_json, encode_model, encode_response
from infractl.protocol.refusal import RequestError, quote
from infractl.runtime.batcher import GoneError
from infractl.runtime.gate import Gate
from infractl.runtime.http import CLOSE, JSON, Header, Receive, Scope, Send, has_gone, read_json_body, respond
from infractl.runtime.metrics import Metrics
from infractl.runtime.release import Serving
from infractl.runtime.releases import Releases
from infractl.runtime.route import Page, Route, find_route

LARGEST_BODY_BYTES = 64 * 2**20
_TEXT: Header = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_RETRY_AFTER: Header = (b"retry-after", b"1")
_CLIENT_GONE = 499
"""What nginx counts where the client did not wait; nobody receives it."""


class PublicApp:
    """`gate` counts the inference requests of the whole server; once it is closed the server is stopping."""

    def __init__(self, service: str, releases: Releases, metrics: Metrics) -> None:
        self.gate = Gate()
        self._service = service
        self._releases = releases
        self._metrics = metrics
        metrics.watch(queue_depth=lambda: releases.queue_depth, in_flight=lambda: self.gate.inside)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = find_route(scope["raw_path"])
        if route is None or route.model not in (None, self._service):
            await self._refuse(send, RequestError(404, f"there is nothing at {quote(scope['path'])}"))
        elif scope["method"] not in route.page.methods:
            methods = ", ".join(route.page.methods)
            await self._refuse(send, RequestError(405, f"{quote(scope['path'])} takes {methods}"), (b"allow", methods.encode()))
        elif route.page is Page.infer:
            await self._infer(route, scope, receive, send)
        else:
            await self._show(route, send)

    async def _infer(self, route: Route, scope: Scope, receive: Receive, send: Send) -> None:
        started_s = time.perf_counter()
        entered = self.gate.enter()
        serving = self._releases.find(route.version) if entered else None
        status = 500
        try:
            if not entered:
                raise RequestError(503, "the server is stopping")
            self._loaded(serving, route)
            # A client that sends slowly takes no place among the release's requests, and another release may answer by then.
            body = await read_json_body(scope, receive, LARGEST_BODY_BYTES)
            serving = self._loaded(self._releases.find(route.version), route)
            answer = await self._answer(serving, body, receive)
            await respond(send, 200, answer, self._headers(JSON))
            status = 200
        except RequestError as refusal:
            status = refusal.status
            await self._refuse(send, refusal)
        except GoneError:
            status = _CLIENT_GONE
        except asyncio.CancelledError:
            # Nobody cancels a request but the end of the grace; the client is told, and the task ends here.
            status = 503
            await self._refuse(send, RequestError(status, "the server stopped before the answer was ready"))
        finally:
            if entered:
                self.gate.leave()
            self._metrics.answered(serving.version if serving else "", status, time.perf_counter() - started_s)

    async def _answer(self, serving: Serving, body: bytes, receive: Receive) -> bytes:
        if not serving.gate.enter():
            raise RequestError(503, f"the server has {serving.gate.bound} requests already, which is all that it takes")
        try:
            request = decode_request(body, serving.signature, serving.limits)
            outputs = await serving.batcher.run(request.inputs, request.items, partial(has_gone, receive))
        except ModelError as error:
            raise RequestError(500, f"the model failed: {error.diagnostics[0].detail}") from error
        finally:
            serving.gate.leave()
        return encode_response(
            model=self._service,
            version=serving.version,
            identity=request.id,
            outputs=outputs,
            signature=serving.signature,
            wanted=request.outputs,
        )

    async def _show(self, route: Route, send: Send) -> None:
        try:
            body, content = self._page(route)
        except RequestError as refusal:
            await self._refuse(send, refusal)
        else:
            await respond(send, 200, body, self._headers(content))

    def _page(self, route: Route) -> tuple[bytes, Header]:
        match route.page:
            case Page.metrics:
                return self._metrics.render(), _TEXT
            case Page.live:
                return encode_json({"live": True}), JSON
            case Page.server:
                return encode_json({"name": "infractl", "version": __version__, "extensions": []}), JSON
        serving = self._loaded(self._releases.find(route.version), route)
        match route.page:
            case Page.model:
                return encode_model(self._service, self._releases.versions, serving.signature), JSON
            case _ if self.gate.closed:
                raise RequestError(503, "the server is stopping")
            case Page.ready:
                return encode_json({"ready": True}), JSON
            case _:
                return encode_json({"name": self._service, "ready": True}), JSON

    def _loaded(self, serving: Serving | None, route: Route) -> Serving:
        if serving is None and route.version is not None:
            raise RequestError(404, f"version {quote(route.version)} is not loaded")
        if serving is None:
            raise RequestError(503, "no release is active")
        return serving

    async def _refuse(self, send: Send, refusal: RequestError, *headers: Header) -> None:
        extra = (*headers, _RETRY_AFTER) if refusal.status == 503 else headers
        await respond(send, refusal.status, encode_error(refusal.reason), self._headers(JSON, *extra))

    def _headers(self, *headers: Header) -> tuple[Header, ...]:
        """With the word that ends the connection once the server is stopping."""
        return (*headers, CLOSE) if self.gate.closed else headers
