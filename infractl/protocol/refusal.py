"""Why a server does not answer a request: an HTTP status and a reason for people."""

from __future__ import annotations

import json
from typing import Any

_LONGEST_QUOTE = 80
_LONGEST_REASON = 500


class RequestError(Exception):
    """The request is refused with `status`; `reason` says what was given and what is wanted."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def bad_request(reason: str) -> RequestError:
    return RequestError(400, reason)


def quote(given: Any) -> str:
    """What a client sent, for a reason: as ASCII JSON, cut short, so that it can be logged and sent anywhere."""
    text = json.dumps(given)
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"


def read_reason(body: bytes) -> str:
    """The words of a refusal's body: its `error` member, or its text."""
    try:
        document: Any = json.loads(body)
    except ValueError:
        document = None
    if isinstance(document, dict) and "error" in document:
        return str(document["error"])
    return body[:_LONGEST_REASON].decode(errors="replace").strip()
