"""The vector and matrix instructions of a processor by which engines choose their kernels."""

from __future__ import annotations

import platform
from pathlib import Path

_X86 = (
    *("avx", "avx2", "avx512f", "avx512_bf16", "avx512_fp16", "avx512_vnni", "avx_vnni", "avx_vnni_int8"),
    *("amx_bf16", "amx_fp16", "amx_int8"),
)
_ARM = {
    "asimd": "neon",
    "asimdhp": "fp16",
    "asimddp": "dotprod",
    **{flag: flag for flag in ("bf16", "i8mm", "sve", "sve2", "sme")},
}
"""As Linux writes them, and as everybody else does."""
_NAMES = {**{flag: flag for flag in _X86}, **_ARM}


def vector_instructions() -> tuple[str, ...]:
    """Sorted names, those of x86 as Linux writes them; empty where the system does not say."""
    try:
        told = Path("/proc/cpuinfo").read_text(errors="replace")
    except OSError:
        told = ""
    return instructions_in(told, platform.machine())


def instructions_in(cpuinfo: str, machine: str) -> tuple[str, ...]:
    """Those that the first processor of a /proc/cpuinfo has. Every 64-bit ARM has NEON, whether or not the system says so."""
    fields = (line.partition(":") for line in cpuinfo.splitlines())
    flags = next((value.split() for name, _, value in fields if name.strip() in ("flags", "Features")), [])
    found = {_NAMES[flag] for flag in flags if flag in _NAMES}
    return tuple(sorted(found | {"neon"} if machine in ("aarch64", "arm64") else found))
