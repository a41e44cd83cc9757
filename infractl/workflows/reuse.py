"""What a command has found out once, and does not find out again for services that are alike in it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path

from infractl.domain.calibration import Calibration
from infractl.domain.placement import Decision
from infractl.domain.profile import ModelProfile


@dataclass(frozen=True, slots=True)
class Reuse:
    """Lives as long as the command, and may be filled from several threads: at worst, something is found out twice."""

    profiles: dict[Path, ModelProfile] = field(default_factory=dict)
    calibrations: dict[str, Calibration] = field(default_factory=dict)
    decisions: dict[Hashable, Decision] = field(default_factory=dict)
    """By all that a decision depends on but what is the same for the whole command: offers and measurements."""
    stored: set[str] = field(default_factory=set)
    """The artifacts that are known to be in the store, by digest."""
