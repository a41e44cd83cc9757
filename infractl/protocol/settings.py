"""The file that starts a server, and what its control socket speaks. Plain values: the writer and the server share them.

A server outlives the version that started it. So a member that is added gets a default, and what reads passes over those that
it does not know.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """One server process for one service. `directory` holds its lock, record, log and control socket.

    `port` 0 means any free one. `grace_s` bounds how long a stopping server waits for the requests it has.
    `until_stdin_ends`: the server stops with the process that holds the other end of its stdin, however that one ends.
    """

    service: str
    host: str
    port: int
    directory: str
    labels: Mapping[str, str]
    grace_s: float = 10.0
    until_stdin_ends: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSettings:
    """A release to load. `id` names it on the control socket; the numbers are ServingConfig's, `options` the engine's own."""

    id: str
    version: str
    path: str
    digest: str
    engine: str
    max_batch: int
    max_delay_s: float
    instances: int
    threads: int
    max_concurrency: int
    warmup: int
    reject_non_finite: bool
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRecord:
    """What a running server writes into its directory (`server.json`) once it listens.

    `started` is the process's start time as the system gives it: a recycled pid has another.
    """

    service: str
    pid: int
    started: float
    host: str
    port: int
    labels: Mapping[str, str]
    grace_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseStatus:
    """How a release stands: `loading`, `ready`, `failed` (with the reason) or `draining` (with what is in flight)."""

    settings: ReleaseSettings
    phase: str
    detail: str = ""
    in_flight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """The control socket's `GET /status`. `active` is the id of the release that answers on the public port."""

    pid: int
    active: str | None
    releases: tuple[ReleaseStatus, ...]


BRIEF_CALL_S = 0.0002
"""A call of the model with the largest batch that takes no longer is made on the server's event loop, others in a thread."""

SETTINGS_FILE = "settings.json"
RECORD_FILE = "server.json"
LOCK_FILE = "server.lock"
LOG_FILE = "server.log"
SOCKET_FILE = "control.sock"


def dumps(value: ServerSettings | ReleaseSettings | ServerRecord | ServerStatus) -> bytes:
    return json.dumps(asdict(value), sort_keys=True).encode()


def read_settings(data: bytes) -> ServerSettings:
    """Raises ValueError where the data is no such document."""
    return _read(ServerSettings, json.loads(data))


def read_release(data: bytes) -> ReleaseSettings:
    """Raises ValueError where the data is no such document."""
    return _read(ReleaseSettings, json.loads(data))


def read_record(data: bytes) -> ServerRecord:
    """Raises ValueError where the data is no such document."""
    return _read(ServerRecord, json.loads(data))


def read_status(data: bytes) -> ServerStatus:
    """Raises ValueError where the data is no such document."""
    status = _read(ServerStatus, json.loads(data))
    if not isinstance(status.releases, list):
        raise ValueError("the releases are no list")
    return replace(status, releases=tuple(map(_release_status, status.releases)))


def _release_status(document: Any) -> ReleaseStatus:
    status = _read(ReleaseStatus, document)
    return replace(status, settings=_read(ReleaseSettings, status.settings))


def _read(kind: type[T], document: Any) -> T:
    if not isinstance(document, dict):
        raise ValueError(f"no {kind.__name__}")
    known = {f.name: document[f.name] for f in fields(kind) if f.name in document}  # type: ignore[arg-type]
    try:
        return kind(**known)
    except TypeError as error:
        raise ValueError(f"no {kind.__name__}: {error}") from error
