"""The little of HTTP that both ports need: what a request's head must say, and how an answer is written. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import TypeAlias

import httptools

from infractl.protocol.refusal import RequestError, quote

Header: TypeAlias = tuple[bytes, bytes]

JSON: Header = (b"content-type", b"application/json")
CLOSE: Header = (b"connection", b"close")


def check_head(headers: Mapping[bytes, bytes], limit_bytes: int) -> None:
    """Raises RequestError where the head announces no JSON, or more of it than is taken. `headers` have lower-case names."""
    content_type = headers.get(b"content-type", JSON[1])
    if content_type != JSON[1] and content_type.partition(b";")[0].strip().lower() != JSON[1]:
        raise RequestError(415, f"the body's type is {_quoted(content_type)}, and application/json is wanted")
    encoding = headers.get(b"content-encoding")
    if encoding is not None and encoding.strip().lower() != b"identity":
        raise RequestError(415, f"the body's encoding is {_quoted(encoding)}, and only identity is taken")
    if int(headers.get(b"content-length", 0)) > limit_bytes:
        raise too_large(limit_bytes)


def path_of(target: bytes) -> bytes:
    """The path in a request's target, which may be a whole address or hold a query."""
    if target.startswith(b"/"):
        return target.partition(b"?")[0]
    try:
        return httptools.parse_url(target).path or b"/"
    except httptools.HttpParserInvalidURLError:
        return target


def too_large(limit_bytes: int) -> RequestError:
    return RequestError(413, f"the body is larger than {limit_bytes} bytes")


@lru_cache(maxsize=256)
def answer_head(status: int, headers: tuple[Header, ...]) -> bytes:
    """The status line and these headers. What differs from answer to answer, and the empty line, come after it."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(), *(b": ".join(header) for header in headers)]
    return b"".join(line + b"\r\n" for line in lines)


def _quoted(value: bytes) -> str:
    return quote(value.decode("latin-1"))
