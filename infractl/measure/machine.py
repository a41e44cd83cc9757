"""What this machine is, as far as its speed depends on it: what was measured holds for these facts and for no others."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from infractl.hardware.this_machine import this_chip, usable_cores
from infractl.hardware.vector import vector_instructions
from infractl.measure.source import digest_of
from infractl.units import format_bytes

_LIBRARIES = ("numpy", "onnxruntime", "httptools", "orjson", "uvloop")
"""What the engine and the server are made of."""
_SERVER = ("runtime", "protocol", "engines")
"""The rooms that the server's process loads."""
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def machine_facts() -> Mapping[str, str]:
    """Processor, usable cores, memory, instruction sets, the versions of what computes, and our server's own code.

    `server` is a digest, not infractl's version: that stays the same from one commit to the next, and a new version may have
    the same server as the one before it, so that what was measured holds on.
    """
    chip = this_chip()
    return {
        "chip": chip.name,
        "cores": str(usable_cores()),
        "memory": format_bytes(chip.memory_bytes),
        "features": " ".join(vector_instructions()) or "none known",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in _LIBRARIES},
        "server": digest_of(_SERVER),
    }


def last_cache_bytes() -> int | None:
    """The size of the processor's last cache; None where the system does not say."""
    sizes = [_size(path.read_text().strip()) for path in _CACHES.glob("index*/size")]
    return max(sizes, default=None)


def _size(text: str) -> int:
    """Linux writes `32768K`."""
    return int(text.removesuffix("K")) * 1024 if text.endswith("K") else int(text)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
