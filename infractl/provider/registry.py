"""Finds providers by entry point. A plugin is imported only when a target names it."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, metadata
from typing import cast

from infractl.errors import Mark, UsageError
from infractl.provider.contract import CONTRACT, Provider
from infractl.provider.entry_point import installed
from infractl.provider.plugin import load_entry

GROUP = "infractl.providers"


def names() -> tuple[str, ...]:
    """The installed providers' names, without importing any."""
    return tuple(sorted({e.name for e in installed(GROUP)}))


def version(name: str) -> str:
    """The version of the distribution that a provider comes from."""
    found = next((e for e in installed(GROUP) if e.name == name), None)
    return found.dist.version if found and found.dist else "unknown"


def extra(name: str) -> str:
    """The extra of infractl that installs the provider called `name`: named like it, or like its cloud; "" where none does."""
    try:
        required = metadata("infractl").get_all("Requires-Dist") or []
    except PackageNotFoundError:
        return ""
    plugins = {_EXTRA.sub(r"\1", text) for text in required if _EXTRA.fullmatch(text)}
    found = next((e for e in installed(GROUP) if e.name == name), None)
    by_cloud = found.dist.name.removeprefix("infractl-") if found and found.dist else name
    return next((each for each in (by_cloud, name) if each in plugins), "")


_EXTRA = re.compile(r"infractl-[a-z0-9-]+\s*;\s*extra\s*==\s*['\"]([a-z0-9-]+)['\"]")


def load(name: str, at: Mark | None = None) -> Provider:
    """The provider called `name`. Raises UsageError where it is not installed, cannot be imported or speaks another contract."""
    found = [e for e in installed(GROUP) if e.name == name]
    if not found:
        # Anybody may publish a plugin under any name: an extra is proposed only where this release has it.
        known = " or ".join(names())
        raise UsageError.of(
            "provider-not-installed",
            summary="this provider is not installed",
            detail=f"{name} is not among: {', '.join(names()) or 'none'}",
            at=at,
            remedy=f"pip install 'infractl[{known_extra}]', or correct the target's provider"
            if (known_extra := extra(name))
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
