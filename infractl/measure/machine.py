"""What this machine is, as far as its speed depends on it: a calibration holds for these facts and for no others."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from infractl.hardware.this_machine import this_chip, usable_cores
from infractl.units import format_bytes

_FEATURES = {"avx2": "avx2", "avx512f": "avx512", "avx512_vnni": "vnni", "avx_vnni": "vnni", "amx_tile": "amx"}
_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")


def machine_facts() -> Mapping[str, str]:
    """Processor, usable cores, memory, instruction sets, and the versions of what computes."""
    chip = this_chip()
    return {
        "chip": chip.name,
        "cores": str(usable_cores()),
        "memory": format_bytes(chip.memory_bytes),
        "features": " ".join(_features()) or "none known",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "onnxruntime": version("onnxruntime"),
        "infractl": version("infractl"),
    }


def last_cache_bytes() -> int | None:
    """The size of the processor's last cache; None where the system does not say."""
    sizes = [_size(path.read_text().strip()) for path in _CACHES.glob("index*/size")]
    return max(sizes, default=None)


def _size(text: str) -> int:
    """Linux writes `32768K`."""
    return int(text.removesuffix("K")) * 1024 if text.endswith("K") else int(text)


def _features() -> list[str]:
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        return []
    flags = next((line.partition(":")[2].split() for line in text.splitlines() if line.startswith("flags")), [])
    return sorted({name for flag, name in _FEATURES.items() if flag in flags})
