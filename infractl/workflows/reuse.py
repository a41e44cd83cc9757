"""What a command has found out once, and does not find out again for services that are alike in it."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path

from infractl.domain.calibration import Calibration
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Decision
from infractl.domain.profile import ModelProfile

MOST_RELAXED = 8
"""Who has many services that nothing keeps asks for one after the other."""


@dataclass(frozen=True, slots=True)
class Reuse:
    """Lives as long as the command. Whoever holds the guard finds something out, and the others wait for it."""

    guard: threading.RLock = field(default_factory=threading.RLock, compare=False, repr=False)
    profiles: dict[Path, ModelProfile] = field(default_factory=dict)
    language_profiles: dict[Path, LanguageProfile] = field(default_factory=dict)
    calibrations: dict[str, Calibration] = field(default_factory=dict)
    decisions: dict[Hashable, Decision] = field(default_factory=dict)
    """By all that a decision depends on but what is the same for the whole command: offers and measurements."""
    stored: set[str] = field(default_factory=set)
    """The artifacts that are known to be in the store, by digest."""
    relaxed: set[str] = field(default_factory=set)

    def may_relax(self, service: str) -> bool:
        """Whether one more service may be told what would hold, which takes deciding many times: the first few are."""
        self.relaxed.add(service)
        return len(self.relaxed) <= MOST_RELAXED
