"""Calibrations in the user's cache, one file a chip. What cannot be trusted or was made on another machine is made anew."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from infractl.clock import Clock
from infractl.domain.calibration import Calibration
from infractl.errors import StateError
from infractl.measure.calibrate import calibrate
from infractl.measure.machine import machine_facts
from infractl.state.cache import cache_directory
from infractl.state.codec import canonical, decode, encode
from infractl.state.file import guarded, make_directory, replace_file

BUSY_HOLDS = timedelta(minutes=10)
"""How long a calibration is used that was made on a busy machine."""


class CalibrationFiles:
    """Calibrations, one file a chip."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, calibration: Calibration) -> None:
        """Keep it. Raises StateError where the directory cannot be written."""
        make_directory(self._directory)
        replace_file(self._file(calibration.chip), canonical(encode(calibration)))

    def read(self, chip: str) -> Calibration | None:
        """The calibration of the chip; None where there is none, or its file is damaged, foreign or of another version."""
        try:
            known = decode(Calibration, json.loads(self._file(chip).read_bytes()))
        except (OSError, ValueError):
            return None
        return known if known.chip == chip else None

    @contextmanager
    def turn(self, chip: str) -> Iterator[Path]:
        """One process at a time may calibrate a chip: two at once would each measure the other. Gives a directory to do it in.

        What a calibration left there that was killed is removed.
        """
        make_directory(self._directory)
        file = self._file(chip)
        with guarded(file.with_suffix(".lock")):
            for left in self._directory.glob(f"{file.stem}.*.work"):
                shutil.rmtree(left, ignore_errors=True)
            with TemporaryDirectory(
                prefix=f"{file.stem}.", suffix=".work", dir=self._directory, ignore_cleanup_errors=True
            ) as directory:
                yield Path(directory)

    def _file(self, chip: str) -> Path:
        # The digest keeps two names apart that are equal once they are fit for a file's.
        readable = re.sub(r"[^a-z0-9]+", "-", chip.lower()).strip("-")[:60]
        return self._directory / f"{readable}-{sha256(chip.encode()).hexdigest()[:8]}.json"


def calibration_for(chip: str, clock: Clock, announce: Callable[[], None] = lambda: None) -> Calibration:
    """This machine's calibration under the name `chip`: the one that is kept, or one made now, of which `announce` is told.

    A cache that cannot be written costs a calibration each time, and nothing else. Raises MeasureError where the machine cannot
    be calibrated.
    """
    files, facts = CalibrationFiles(cache_directory() / "calibrations"), machine_facts()
    if known := _usable(files, chip, facts, clock):
        return known
    made: Calibration | None = None
    try:
        with files.turn(chip) as directory:
            # Another process may have made it while this one waited.
            if known := _usable(files, chip, facts, clock):
                return known
            announce()
            made = calibrate(chip, clock, directory)
            files.put(made)
    except (StateError, OSError):
        if made is None:
            announce()
            with TemporaryDirectory() as directory_of_its_own:
                made = calibrate(chip, clock, Path(directory_of_its_own))
    return made


def _usable(files: CalibrationFiles, chip: str, facts: Mapping[str, str], clock: Clock) -> Calibration | None:
    known = files.read(chip)
    if known is None or known.machine != facts:
        return None
    # What was measured while other work took the cores is better than nothing, but not for long.
    return None if known.busy and clock.now() - known.at > BUSY_HOLDS else known
