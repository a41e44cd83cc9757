"""A release in the control socket's words, from the properties of a route and back. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from infractl.domain.value import Properties
from infractl.protocol.settings import ReleaseSettings

CONFIG = ("max_batch", "max_delay_s", "instances", "threads", "max_concurrency", "warmup", "reject_non_finite")

ID_DIGITS = 16


def release_id(wanted: Properties) -> str:
    """Names what is served and how: another version word, content, engine or configuration is another release."""
    content = [wanted["version"], wanted["digest"], wanted["engine"], {name: wanted["config"][name] for name in CONFIG}]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:ID_DIGITS]


def settings_of(wanted: Properties) -> ReleaseSettings:
    """The release that a route asks for; every Output is resolved by now."""
    return ReleaseSettings(
        id=release_id(wanted),
        version=wanted["version"],
        path=wanted["artifact"],
        digest=wanted["digest"],
        engine=wanted["engine"],
        **{name: wanted["config"][name] for name in CONFIG},
    )


def properties_of(release: ReleaseSettings) -> dict[str, Any]:
    """What a route would have to ask for to get this release."""
    return {
        "version": release.version,
        "artifact": release.path,
        "digest": release.digest,
        "engine": release.engine,
        "config": {name: getattr(release, name) for name in CONFIG},
    }
