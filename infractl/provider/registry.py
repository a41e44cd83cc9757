"""Finds providers by entry point. A plugin is imported only when a target names it."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, entry_points, metadata
from typing import cast

from infractl.errors import Mark, UsageError
from infractl.provider.contract import CONTRACT, Provider
from infractl.provider.plugin import load_entry

GROUP = "infractl.providers"


def names() -> tuple[str, ...]:
    """The installed providers' names, without importing any."""
    return tuple(sorted({e.name for e in entry_points(group=GROUP)}))


def version(name: str) -> str:
    """The version of the distribution that a provider comes from."""
    found = next((e for e in entry_points(group=GROUP) if e.name == name), None)
    return found.dist.version if found and found.dist else "unknown"


def _how_to_get(name: str) -> str:
    """An extra that this release has; else what is installed, since anybody may publish a plugin under any name."""
    if f"infractl-{name}" in _extras():
        return f"pip install 'infractl[{name}]', or correct the target's provider"
    installed = " or ".join(names())
    correct = f"write provider: {installed}, or " if installed else ""
    return f"{correct}install a plugin that has {name} as an entry point in the group {GROUP}"


def _extras() -> tuple[str, ...]:
    """The plugins that infractl's own extras name."""
    try:
        required = metadata("infractl").get_all("Requires-Dist") or []
    except PackageNotFoundError:
        return ()
    return tuple(re.split(r"[\s;<>=!~\[(]", text, maxsplit=1)[0] for text in required if "extra ==" in text)


def load(name: str, at: Mark | None = None) -> Provider:
    """The provider called `name`. Raises UsageError where it is not installed, cannot be imported or speaks another contract."""
    found = [e for e in entry_points(group=GROUP) if e.name == name]
    if not found:
        raise UsageError.of(
            "provider-not-installed",
            summary="this provider is not installed",
            detail=f"{name} is not among: {', '.join(names()) or 'none'}",
            at=at,
            remedy=_how_to_get(name),
        )
    provider = cast(Provider, load_entry(found[0], "provider-import"))
    if provider.contract != CONTRACT:
        raise UsageError.of(
            "provider-contract",
            summary="this provider was written for another version of the plugin contract",
            detail=f"{name} speaks version {provider.contract}, this infractl version {CONTRACT}",
            at=at,
            remedy=f"install a release of {found[0].value.partition('.')[0]} that fits this infractl",
        )
    return provider
