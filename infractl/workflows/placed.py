"""What is wanted of a service, and how that was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infractl.domain.optimization import Tried
from infractl.domain.placement import Decision
from infractl.domain.profile import ModelProfile
from infractl.domain.release import Deployment
from infractl.placement.evidence import Evidence
from infractl.workflows.workspace import OpenTarget

if TYPE_CHECKING:
    from infractl.domain.calibration import Calibration
    from infractl.domain.language_profile import LanguageProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What is wanted of a service, how it was found, and where. `tried` is what was made of the model for the chosen chip."""

    deployment: Deployment
    profile: ModelProfile | LanguageProfile
    decision: Decision
    target: OpenTarget
    calibrations: tuple[Calibration, ...]
    evidence: Evidence
    tried: tuple[Tried, ...] = ()
