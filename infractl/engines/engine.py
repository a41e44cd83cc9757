"""What every engine gives: a session over one model file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from infractl.tensors import Signature, Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """`threads` work inside one call; `spinning` threads burn a core while they wait for the next.

    `options` are the engine's own, by its own words: entries of ONNX Runtime's session configuration, properties of OpenVINO.
    """

    threads: int = 1
    spinning: bool = False
    options: Mapping[str, str] = field(default_factory=dict, hash=False)


class Session(Protocol):
    """An opened model. `run` may be called from any thread, one call at a time for each session."""

    @property
    def signature(self) -> Signature: ...

    def run(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Every output by name. Raises ModelError where the engine fails."""
        ...
