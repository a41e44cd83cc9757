"""The public port: Open Inference Protocol routes and the metrics."""

from __future__ import annotations

from infractl import __version__
from infractl.protocol.inference import encode_error, encode_json, encode_model
from infractl.protocol.refusal import RequestError, quote
from infractl.runtime.exchange import Exchange
from infractl.runtime.gate import Gate
from infractl.runtime.http import CLOSE, JSON, Header, check_head
from infractl.runtime.inference import Inference
from infractl.runtime.metrics import Metrics
from infractl.runtime.release import Serving
from infractl.runtime.releases import Releases
from infractl.runtime.route import Page, Route, find_route

_TEXT: Header = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_RETRY_AFTER: Header = (b"retry-after", b"1")


class PublicApp:
    """`gate` counts the inference requests of the whole server; once it is closed the server is stopping."""

    largest_body_bytes = 64 * 2**20

    def __init__(self, service: str, releases: Releases, metrics: Metrics) -> None:
        self.gate = Gate()
        self.metrics = metrics
        self._service = service
        self._releases = releases
        metrics.watch(queue_depth=lambda: releases.queue_depth, in_flight=lambda: self.gate.inside)

    def begin(self, exchange: Exchange) -> Inference | None:
        route = find_route(exchange.target)
        if route is None or route.model not in (None, self._service):
            self.refuse(exchange, RequestError(404, f"there is nothing at {quote(exchange.readable_path)}"))
        elif exchange.method not in route.methods:
            methods = ", ".join(route.methods)
            refusal = RequestError(405, f"{quote(exchange.readable_path)} takes {methods}")
            self.refuse(exchange, refusal, (b"allow", methods.encode()))
        elif route.page is Page.infer:
            return self._enter(exchange, route)
        else:
            self._show(exchange, route)
        return None

    def loaded(self, version: str | None) -> Serving:
        """What answers for that version, or for none. Raises RequestError."""
        serving = self._releases.find(version)
        if serving is None:
            raise _absent(version)
        return serving

    def refuse(self, exchange: Exchange, refusal: RequestError, *headers: Header) -> None:
        extra = (*headers, _RETRY_AFTER) if refusal.status == 503 else headers
        exchange.answer(refusal.status, encode_error(refusal.reason), *self.headers(JSON, *extra))

    def headers(self, *headers: Header) -> tuple[Header, ...]:
        """With the word that ends the connection once the server is stopping."""
        return (*headers, CLOSE) if self.gate.closed else headers

    def _enter(self, exchange: Exchange, route: Route) -> Inference | None:
        if not self.gate.enter():
            self.metrics.answered("", 503, 0.0)
            self.refuse(exchange, RequestError(503, "the server is stopping"))
            return None
        serving = self._releases.find(route.version)
        inference = Inference(self, exchange, route.version, serving)
        try:
            if serving is None:
                raise _absent(route.version)
            check_head(exchange.headers, self.largest_body_bytes)
        except RequestError as refusal:
            inference.refuse(refusal)
            return None
        return inference

    def _show(self, exchange: Exchange, route: Route) -> None:
        try:
            body, content = self._page(route)
        except RequestError as refusal:
            self.refuse(exchange, refusal)
        else:
            exchange.answer(200, body, *self.headers(content))

    def _page(self, route: Route) -> tuple[bytes, Header]:
        match route.page:
            case Page.metrics:
                return self.metrics.render(), _TEXT
            case Page.live:
                return encode_json({"live": True}), JSON
            case Page.server:
                return encode_json({"name": "infractl", "version": __version__, "extensions": []}), JSON
        serving = self.loaded(route.version)
        match route.page:
            case Page.model:
                return encode_model(self._service, self._releases.versions, serving.signature), JSON
            case _ if self.gate.closed:
                raise RequestError(503, "the server is stopping")
            case Page.ready:
                return encode_json({"ready": True}), JSON
            case _:
                return encode_json({"name": self._service, "ready": True}), JSON


def _absent(version: str | None) -> RequestError:
    if version is not None:
        return RequestError(404, f"version {quote(version)} is not loaded")
    return RequestError(503, "no release is active")
