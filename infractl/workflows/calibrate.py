"""`calibrate`: measure how fast this machine computes, and keep that for its plans. No project is needed."""

from __future__ import annotations

from collections.abc import Callable

from infractl.clock import Clock
from infractl.domain.calibration import KeptCalibration
from infractl.errors import UsageError
from infractl.hardware.this_machine import this_chip
from infractl.measure.calibrate import calibrate as measure
from infractl.measure.calibration_store import CALIBRATING, WAITING, calibration_files

Progress = Callable[[str], None]


def calibrate(clock: Clock, progress: Progress) -> KeptCalibration:
    """Measure anew, whatever is kept, which stays as it is until this is done.

    Raises MeasureError where the machine cannot be calibrated, StateError where nothing can be kept.
    """
    chip, files = this_chip().name, calibration_files()
    with files.turn(chip, waiting=lambda: progress(WAITING)) as work:
        progress(CALIBRATING)
        files.put(measure(chip, clock, work))
        return kept(clock)


def kept(clock: Clock) -> KeptCalibration:
    """What is kept of this machine. Raises UsageError where nothing is."""
    chip, files = this_chip().name, calibration_files()
    found = files.kept(chip, clock)
    if found is None:
        others = ", ".join(files.chips())
        raise UsageError.of(
            "calibration-missing",
            summary="no calibration of this machine is kept",
            detail=f"it is {chip}" + (f", and those that are kept are of {others}" if others else ""),
            remedy="make one: infractl calibrate; the first plan does so as well",
        )
    return found
