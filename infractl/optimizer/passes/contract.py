"""What a pass is given and what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from infractl.domain.value import Json
from infractl.optimizer.rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """`model` is the ONNX file to change, `given` the user's own, which a pass may compare with: neither is ever written to.

    `calibration` and `search` have no labels, and may have no rows; to choose among candidates of its own, a pass compares their
    answers on `search` with those of `given`. `threads` may be used at once. What is written goes to `scratch`, which is empty.
    The same work gives the same bytes.
    """

    model: Path
    given: Path
    calibration: Rows
    search: Rows
    settings: Mapping[str, Json]
    seed: int
    threads: int
    scratch: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """An ONNX file in the scratch directory. `notes` say in plain words what was done and what was left, and why."""

    model: Path
    notes: tuple[str, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


class PassRefusedError(Exception):
    """A pass has nothing to do here, or cannot do it: an answer, no crash. `code` is short and fixed, `why` holds the details."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(f"{code}: {why}")
        self.code = code
        self.why = why


class Pass(Protocol):
    """`version` goes into the key that artifacts are kept under: it grows with every change of what comes out."""

    name: str
    version: int

    def run(self, work: Work) -> Made:
        """Raises PassRefusedError. What a library raises besides is caught by who called, and refuses as well."""
        ...
