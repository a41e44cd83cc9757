"""Reaches the documents of a local state store past the store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from infractl.domain.address import ServiceKey


@dataclass(frozen=True)
class Files:
    """The documents under a store's root."""

    root: Path

    def at(self, key: ServiceKey) -> Path:
        return self.root / key.project / key.environment / key.service / "state.json"

    def read(self, key: ServiceKey) -> bytes:
        return self.at(key).read_bytes()

    def write(self, key: ServiceKey, data: bytes) -> None:
        self.at(key).write_bytes(data)

    def remove(self, key: ServiceKey) -> None:
        self.at(key).unlink()
