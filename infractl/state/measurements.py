"""Measurements in a local directory: one file each, under the sha256 of its content."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Sequence
from pathlib import Path

from infractl.domain.measurement import Measurement
from infractl.errors import StateError
from infractl.state.codec import canonical, decode, digest, encode
from infractl.state.file import make_directory, replace_file


class LocalMeasurementStore:
    """A MeasurementStore under `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, measurement: Measurement) -> str:
        json = encode(measurement)
        name = digest(json)
        make_directory(self._root)
        replace_file(self._root / f"{name}.json", canonical(json) + b"\n")
        return name

    def list(self) -> Sequence[Measurement]:
        """Oldest first. Raises StateError for a file that is damaged: what was measured is not silently forgotten."""
        return tuple(sorted(map(_read, self._root.glob("*.json")), key=lambda m: (m.at, digest(encode(m)))))


def _read(path: Path) -> Measurement:
    try:
        json = jsonlib.loads(path.read_bytes())
        if digest(json) != path.stem:
            raise ValueError("its content is not the one that it is named after")
        return decode(Measurement, json)
    except (OSError, ValueError, RecursionError) as error:
        raise StateError.of(
            "measurement-damaged",
            summary="a measurement cannot be read",
            detail=str(error),
            at=str(path),
            remedy=f"delete {path}, and measure again with infractl bench",
        ) from error
