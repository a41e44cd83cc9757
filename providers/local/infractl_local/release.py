"""A release in the control socket's words, from the properties of a route and back. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from infractl.domain.release import ServingConfig
from infractl.domain.value import Properties
from infractl.protocol.settings import ReleaseSettings

ID_DIGITS = 16


def release_id(wanted: Properties) -> str:
    """Names what is served and how: another version word, content, engine, its options or configuration is another release."""
    content = [wanted[name] for name in ("version", "digest", "engine", "config", "options") if name in wanted]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:ID_DIGITS]


def settings_of(wanted: Properties, model: Path) -> ReleaseSettings:
    """The release that a route asks for, of the model file with its digest."""
    return ReleaseSettings(
        id=release_id(wanted),
        version=wanted["version"],
        path=str(model),
        digest=wanted["digest"],
        engine=wanted["engine"],
        options=wanted.get("options", {}),
        **wanted["config"],
    )


def properties_of(release: ReleaseSettings) -> dict[str, Any]:
    """What a route would have to ask for to get this release."""
    return {
        "version": release.version,
        "digest": release.digest,
        "engine": release.engine,
        "config": {field.name: getattr(release, field.name) for field in fields(ServingConfig)},
        **options_of(release.options),
    }


def options_of(options: Mapping[str, str]) -> dict[str, Any]:
    """The property that holds an engine's options. Without any there is none: a release keeps the id that it always had."""
    return {"options": dict(options)} if options else {}
