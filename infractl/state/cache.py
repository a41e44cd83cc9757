"""Where a user's cache lies: what can be made anew, and belongs to a machine instead of a project."""

from __future__ import annotations

import os
from pathlib import Path


def cache_directory() -> Path:
    """`INFRACTL_CACHE`, else infractl's folder in the user's cache."""
    if own := os.environ.get("INFRACTL_CACHE"):
        return Path(own)
    shared = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # A relative path there is to be ignored, says the XDG Base Directory Specification.
    return (shared if shared.is_absolute() else Path.home() / ".cache") / "infractl"
