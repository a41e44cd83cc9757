"""What was read of a language model's directory: its config.json, and what the headers of its weights say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.language_model import LanguageModel


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWeights:
    """The safetensors files beside a config.json, by their headers; no weight was read.

    `parameters` is None where weights are packed several to an element, so that elements are not parameters.
    `bytes_by_dtype` has the format's own names of types (BF16, F8_E4M3, ...). `missing` counts files that the index names and
    that are not here; parameters are not told then, and `declared_bytes` is what the index says of all.
    """

    files: int
    missing: int
    tensors: int
    parameters: int | None
    bytes_by_dtype: Mapping[str, int]
    declared_bytes: int | None = None

    @property
    def bytes(self) -> int:
        """Of all files, where the index tells of those that are missing."""
        held = sum(self.bytes_by_dtype.values())
        return max(held, self.declared_bytes or 0) if self.missing else held


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageProfile:
    """`digest` is the sha256 of config.json. `notes` are what a reader of the figures should know, in sentences."""

    digest: str
    model: LanguageModel
    stored: StoredWeights | None = None
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        """Those that are stored, where all files are here and tell it; else what follows from the config."""
        stored = self.stored
        if stored and not stored.missing and stored.parameters is not None:
            return stored.parameters
        return self.model.parameters

    @property
    def weight_bytes(self) -> float:
        """As they are stored, else as the config declares them."""
        return float(self.stored.bytes) if self.stored and self.stored.bytes else self.model.weight_bytes()
