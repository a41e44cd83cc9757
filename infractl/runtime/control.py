"""The control socket: what is loaded, what answers, and how to change that. Only the server's own user can reach it."""

from __future__ import annotations

import json
from dataclasses import fields
from urllib.parse import unquote

from infractl.protocol.inference import encode_error, encode_json
from infractl.protocol.refusal import RequestError, quote
from infractl.protocol.settings import ReleaseSettings, dumps, read_release
from infractl.runtime.batcher import GoneError
from infractl.runtime.gate import Gate
from infractl.runtime.http import Receive, Scope, Send, read_json_body, respond
from infractl.runtime.releases import Releases

_LARGEST_BODY_BYTES = 2**20


class ControlApp:
    """`gate` is the public app's: a server that is stopping changes nothing any more."""

    def __init__(self, releases: Releases, gate: Gate) -> None:
        self._releases = releases
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, body = await self._answer(scope, receive)
        except RequestError as refusal:
            status, body = refusal.status, encode_error(refusal.reason)
        except GoneError:
            return
        await respond(send, status, body)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        segments = [unquote(segment.decode("latin-1")) for segment in scope["raw_path"].split(b"/")[1:]]
        if (scope["method"], segments) == ("GET", ["status"]):
            return 200, dumps(self._releases.status)
        body = await read_json_body(scope, receive, _LARGEST_BODY_BYTES)
        if self._gate.closed:
            raise RequestError(503, "the server is stopping")
        match scope["method"], segments:
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
                raise RequestError(404, f"there is no {method} {quote(scope['path'])}")


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
