"""The state document as bytes: what surrounds a ServiceState on disk, and how each way of being damaged is told apart. Pure."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from infractl.domain.address import ServiceKey
from infractl.domain.service_state import ServiceState
from infractl.state.codec import canonical, decode, digest, encode

KIND = "infractl-state"
FORMAT = 1
"""Of what surrounds the state. A member more within has a default, so that older documents are read; and an older infractl, which
refuses what it does not know, says to use the version that wrote it."""

_START = b'{"body":'
"""How every document begins, since its keys are sorted: tells a torn one from a foreign file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Which document: what a journal entry builds on."""

    lineage: str
    serial: int

    def __str__(self) -> str:
        return f"version {self.serial} of lineage {self.lineage}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A state, the sha256 of the version before (None: the first), and its own, which covers both: a chain."""

    state: ServiceState
    sha256: str
    parent: str | None

    @property
    def version(self) -> Version:
        return Version(lineage=self.state.lineage, serial=self.state.serial)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """Why bytes are not the document that they should be. An empty `remedy` means that an older version must be put back."""

    slug: str
    summary: str
    detail: str
    remedy: str = ""


def pack(state: ServiceState, parent: str | None) -> bytes:
    """The document's bytes. Raises ValueError where the state holds what JSON cannot."""
    body, above = canonical(encode(state)), canonical(parent)
    covered = sha256(b'{"body":%b,"parent":%b}' % (body, above)).hexdigest().encode()
    # In the order of the keys, so that the whole is canonical too: the body, which is nearly all of it, is made once.
    return b'{"body":%b,"format":%d,"kind":"%b","parent":%b,"sha256":"%b"}\n' % (body, FORMAT, KIND.encode(), above, covered)


def unpack(data: bytes, key: ServiceKey) -> Document | Flaw:
    """The document of `key` in `data`, or what is wrong with it."""
    envelope = _envelope(data)
    if isinstance(envelope, Flaw):
        return envelope
    body, sha256, parent = envelope["body"], envelope["sha256"], envelope["parent"]
    if _digest({"body": body, "parent": parent}) != sha256:
        return Flaw(
            slug="state-edited",
            summary="the state document was changed by something other than infractl",
            detail="its content does not have the sha256 that it carries",
        )
    try:
        state = decode(ServiceState, body)
    except ValueError as error:
        return Flaw(
            slug="state-misfit",
            summary="the state document does not fit this version of infractl",
            detail=str(error),
            remedy="use the version that wrote it, or the newest: pip install --upgrade infractl",
        )
    if state.key != key:
        return Flaw(
            slug="state-misplaced",
            summary="the state document belongs to another service",
            detail=f"it is of {state.key}, and stands where {key} belongs",
        )
    return Document(state=state, sha256=sha256, parent=parent)


def _envelope(data: bytes) -> Mapping[str, Any] | Flaw:
    if not data.strip(b" \t\r\n\0"):
        return Flaw(
            slug="state-empty", summary="the state document is empty", detail=f"the file has {len(data)} bytes and no content"
        )
    try:
        envelope = jsonlib.loads(data)
    except (ValueError, RecursionError) as error:
        if data.startswith(_START[: len(data)]):
            return Flaw(slug="state-torn", summary="the state document is damaged or not whole", detail=str(error))
        return _foreign("it is no JSON")
    if not isinstance(envelope, Mapping) or envelope.get("kind") != KIND:
        return _foreign(f"it does not say that it is of the kind {KIND}")
    version = envelope.get("format")
    if type(version) is int and version > FORMAT:
        return _newer(f"its format is {version}, and this infractl reads up to {FORMAT}")
    if version != FORMAT or set(envelope) != {"format", "kind", "sha256", "parent", "body"}:
        return _foreign("its outer members are not those of a state document")
    return envelope


def _digest(covered: Any) -> str | None:
    try:
        return digest(covered)
    except (ValueError, RecursionError):
        # NaN, infinity or half a character: nothing that was ever written here.
        return None


def _foreign(detail: str) -> Flaw:
    return Flaw(slug="state-foreign", summary="this file is no state document of infractl", detail=detail)


def _newer(detail: str) -> Flaw:
    return Flaw(
        slug="state-newer",
        summary="the state document was written by a newer infractl",
        detail=detail,
        remedy="install the newest infractl: pip install --upgrade infractl",
    )
