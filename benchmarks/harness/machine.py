"""Where a benchmark ran: the machine and the versions, so that a figure never stands without them."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from importlib.metadata import version

import psutil

from infractl.hardware.this_machine import this_chip


def machine() -> dict[str, str | int]:
    """What matters for speed; nothing that names this machine or its user."""
    return {
        "processor": this_chip().name,
        "memory_bytes": psutil.virtual_memory().total,
        "system": f"{platform.system()} {platform.machine()}",
    }


def versions(distributions: Iterable[str] = ()) -> dict[str, str]:
    """Of infractl, Python and the distributions that were measured or measured against."""
    return {name: version(name) for name in ("infractl", *distributions)} | {"Python": platform.python_version()}
