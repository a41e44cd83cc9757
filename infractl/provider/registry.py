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
        # Anybody may publish a plugin under any name: an extra is proposed only where this release has it.
        known = " or ".join(names())
        raise UsageError.of(
            "provider-not-installed",
            summary="this provider is not installed",
            detail=f"{name} is not among: {', '.join(names()) or 'none'}",
            at=at,
            remedy=f"pip install 'infractl[{name}]', or correct the target's provider"
            if f"infractl-{name}" in _extras()
            else f"write provider: {known or 'NAME'}, or install a plugin that has {name} as an entry point in the group {GROUP}",
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
