"""A calibration as one JSON document: whether it is still valid, the tables that people are shown, and every figure."""

from __future__ import annotations

from typing import Any

from infractl.domain.calibration import KeptCalibration
from infractl.report.calibration_group import gains, throughputs
from infractl.state.codec import encode


def calibration_json(kept: KeptCalibration) -> dict[str, Any]:
    calibration = kept.calibration
    return {
        "path": kept.path,
        "valid": kept.usable,
        "changes": [encode(change) for change in kept.changes],
        "outdated": kept.outdated,
        "until": kept.until.isoformat() if kept.until else None,
        "expired": kept.expired,
        "throughputs": [encode(each) for each in throughputs(calibration.kernels)],
        "gains": [encode(each) for each in gains(calibration.kernels)],
        "calibration": encode(calibration),
    }
