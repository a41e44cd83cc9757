"""The control socket: what is loaded, what answers, and how to change that. Only the server's own user can reach it."""

from __future__ import annotations

import json
from dataclasses import fields
from urllib.parse import unquote

from infractl.protocol.inference import encode_error, encode_json
from infractl.protocol.refusal import RequestError, quote
from infractl.protocol.settings import ReleaseSettings, dumps, read_release
from infractl.runtime.exchange import Exchange, Visit
from infractl.runtime.gate import Gate
from infractl.runtime.http import JSON, check_head
from infractl.runtime.releases import Releases


class ControlApp:
    """`gate` is the public app's: a server that is stopping changes nothing any more."""

    largest_body_bytes = 2**20

    def __init__(self, releases: Releases, gate: Gate) -> None:
        self._releases = releases
        self._gate = gate

    def begin(self, exchange: Exchange) -> Visit | None:
        visit = _Visit(self, exchange)
        try:
            check_head(exchange.headers, self.largest_body_bytes)
        except RequestError as refusal:
            visit.refuse(refusal)
            return None
        return visit

    def answer(self, exchange: Exchange, body: bytes) -> tuple[int, bytes]:
        """The status and the body. Raises RequestError."""
        segments = [unquote(segment.decode("latin-1")) for segment in exchange.path.split(b"/")[1:]]
        if (exchange.method, segments) == ("GET", ["status"]):
            return 200, dumps(self._releases.status)
        if self._gate.closed:
            raise RequestError(503, "the server is stopping")
        match exchange.method, segments:
            case "PUT", ["releases", release_id]:
                self._releases.put(_settings(body, release_id))
                return 202, encode_json({"release": release_id})
            case "DELETE", ["releases", release_id]:
                self._releases.delete(release_id)
                return 202, encode_json({"release": release_id})
            case "PUT", ["active"]:
                release_id = _release_id(body)
                self._releases.activate(release_id)
                return 200, encode_json({"active": release_id})
            case method, _:
                raise RequestError(404, f"there is no {method} {quote(exchange.readable_path)}")


class _Visit:
    """One request: it is answered as soon as its body is here."""

    def __init__(self, app: ControlApp, exchange: Exchange) -> None:
        self._app = app
        self._exchange = exchange

    def receive(self, body: bytes) -> None:
        try:
            status, answer = self._app.answer(self._exchange, body)
        except RequestError as refusal:
            self.refuse(refusal)
        else:
            self._exchange.answer(status, answer, JSON)

    def refuse(self, refusal: RequestError) -> None:
        self._exchange.answer(refusal.status, encode_error(refusal.reason), JSON)

    def lose(self) -> None:
        """Nothing was begun."""


def _settings(body: bytes, release_id: str) -> ReleaseSettings:
    try:
        settings = read_release(body)
        unknown = set(json.loads(body)) - {f.name for f in fields(ReleaseSettings)}
        least = min(settings.max_batch, settings.instances, settings.threads, settings.max_concurrency)
    except (ValueError, TypeError) as error:
        raise RequestError(400, f"the body is no release: {error}") from error
    if unknown:
        # To pass over them would serve something else than was asked for.
        raise RequestError(400, f"this version of the server does not know {', '.join(map(quote, sorted(unknown)))}")
    if settings.id != release_id:
        raise RequestError(400, f"the body's id is {quote(settings.id)}, and the path's {quote(release_id)}")
    if least < 1:
        raise RequestError(400, "max_batch, instances, threads and max_concurrency are at least 1")
    return settings


def _release_id(body: bytes) -> str:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise RequestError(400, f"the body is no JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("release"), str):
        raise RequestError(400, 'the body is no {"release": id}')
    release_id: str = document["release"]
    return release_id
