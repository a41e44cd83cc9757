"""The little of HTTP that both apps need over ASGI: read a body up to a limit, answer, notice that the client has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from typing import Any, TypeAlias

from infractl.protocol.refusal import RequestError, quote
from infractl.runtime.batcher import GoneError

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Coroutine[Any, Any, MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header: TypeAlias = tuple[bytes, bytes]

JSON: Header = (b"content-type", b"application/json")
CLOSE: Header = (b"connection", b"close")
_BODY_TIMEOUT_S = 30.0


async def respond(send: Send, status: int, body: bytes, headers: Iterable[Header] = (JSON,)) -> None:
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [*headers, (b"content-length", str(len(body)).encode())],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def read_json_body(scope: Scope, receive: Receive, limit_bytes: int) -> bytes:
    """The request's body. Raises RequestError where it is no JSON, too large or too slow, GoneError where it breaks off."""
    for name, value in scope["headers"]:
        if name == b"content-type":
            _check_type(value)
        elif name == b"content-encoding":
            _check_encoding(value)
        elif name == b"content-length" and int(value) > limit_bytes:
            raise _too_large(limit_bytes)
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            return await _whole(receive, limit_bytes)
    except TimeoutError:
        raise RequestError(408, f"the body did not arrive within {_BODY_TIMEOUT_S:.0f}s") from None


def has_gone(receive: Receive) -> bool:
    """Whether the client of a request whose body was read has hung up. Never waits: it takes one step of `receive` only."""
    step = receive()
    try:
        step.send(None)
    except StopIteration as answered:
        return bool(answered.value["type"] == "http.disconnect")
    step.close()
    return False


async def _whole(receive: Receive, limit_bytes: int) -> bytes:
    pieces: list[bytes] = []
    size, more = 0, True
    while more and size <= limit_bytes:
        body, more = await _piece(receive)
        pieces.append(body)
        size += len(body)
    if size > limit_bytes:
        raise _too_large(limit_bytes)
    return b"".join(pieces)


async def _piece(receive: Receive) -> tuple[bytes, bool]:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise GoneError
    return message.get("body", b""), message.get("more_body", False)


def _check_type(value: bytes) -> None:
    if value != b"application/json" and value.partition(b";")[0].strip().lower() != b"application/json":
        raise RequestError(415, f"the body's type is {quote(value.decode('latin-1'))}, and application/json is wanted")


def _check_encoding(value: bytes) -> None:
    if value.strip().lower() != b"identity":
        raise RequestError(415, f"the body's encoding is {quote(value.decode('latin-1'))}, and only identity is taken")


def _too_large(limit_bytes: int) -> RequestError:
    return RequestError(413, f"the body is larger than {limit_bytes} bytes")
