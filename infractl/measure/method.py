"""In which way calibrations are made. Whoever asks only whether a kept one is of this way imports nothing that measures."""

from __future__ import annotations

from infractl.measure.source import digest_of

_MODULES = (
    *("calibrate", "engine_speed", "kernel_speed", "load", "machine", "method", "model", "quiet", "server", "server_speed"),
    *("source", "spread"),
)
_CODE = ("measure/kernel", *(f"measure/{name}.py" for name in _MODULES))


def method() -> str:
    """In which way calibrations are made: a digest of the code that does it."""
    return digest_of(_CODE)
