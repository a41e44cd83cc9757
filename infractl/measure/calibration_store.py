"""Calibrations in the user's cache, one file a chip. What cannot be trusted or was made on another machine is made anew."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from infractl.clock import Clock
from infractl.domain.calibration import Calibration, KeptCalibration, changes_between
from infractl.errors import StateError
from infractl.measure.machine import machine_facts
from infractl.measure.method import method
from infractl.state.cache import cache_directory
from infractl.state.codec import canonical, decode, digest, encode
from infractl.state.file import guarded, make_directory, replace_file

BUSY_HOLDS = timedelta(minutes=10)
"""How long a calibration is used that was made on a busy machine."""


class CalibrationFiles:
    """Calibrations, one file a chip."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, calibration: Calibration) -> None:
        """Keep it, with its digest: what somebody edits is no measurement. Raises StateError where it cannot be written."""
        written = encode(calibration)
        make_directory(self._directory)
        replace_file(self._file(calibration.chip), canonical({"sha256": digest(written), "calibration": written}))

    def read(self, chip: str) -> Calibration | None:
        """The calibration of the chip; None where there is none, or its file is damaged, foreign or of another version."""
        known = _decoded(self._file(chip))
        return known if known is not None and known.chip == chip else None

    def kept(self, chip: str, clock: Clock) -> KeptCalibration | None:
        """The calibration of the chip with what stands against its being used on this machine now; None where `read` has none."""
        known = self.read(chip)
        if known is None:
            return None
        # What was measured while other work took the cores is better than nothing, but not for long.
        until = known.at + BUSY_HOLDS if known.busy else None
        return KeptCalibration(
            calibration=known,
            path=str(self._file(chip)),
            changes=changes_between(known.machine, machine_facts()),
            outdated=known.method != method(),
            until=until,
            expired=until is not None and clock.now() > until,
        )

    def chips(self) -> list[str]:
        """The chips of which there is one that can be read."""
        found = (_decoded(file) for file in sorted(self._directory.glob("*.json")))
        return [each.chip for each in found if each is not None]

    @contextmanager
    def turn(self, chip: str, waiting: Callable[[], None] = lambda: None) -> Iterator[Path]:
        """One process at a time may calibrate a chip: two at once would each measure the other. Gives a directory to do it in.

        `waiting` is told where another process has its turn. What a calibration left that was killed is removed.
        """
        make_directory(self._directory)
        file = self._file(chip)
        with guarded(file.with_suffix(".lock"), waiting=waiting):
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


def calibration_files() -> CalibrationFiles:
    """Those of this user."""
    return CalibrationFiles(cache_directory() / "calibrations")


CALIBRATING = "calibrating this machine: about half a minute"
WAITING = "another command calibrates this machine: waiting until it is done"


def calibration_for(chip: str, clock: Clock, tell: Callable[[str], None] = lambda text: None) -> Calibration:
    """This machine's calibration under the name `chip`: the one that is kept, or one made now, which is told.

    A cache that cannot be written costs a calibration each time, and nothing else. Raises MeasureError where the machine cannot
    be calibrated.
    """
    files = calibration_files()
    if known := _usable(files, chip, clock):
        return known
    made: Calibration | None = None
    try:
        with files.turn(chip, waiting=lambda: tell(WAITING)) as directory:
            # Another process may have made it while this one waited.
            if known := _usable(files, chip, clock):
                return known
            tell(CALIBRATING)
            made = _measured(chip, clock, directory)
            files.put(made)
    except (StateError, OSError):
        if made is None:
            tell(CALIBRATING)
            with TemporaryDirectory() as directory_of_its_own:
                made = _measured(chip, clock, Path(directory_of_its_own))
    return made


def _measured(chip: str, clock: Clock, directory: Path) -> Calibration:
    # Few commands find none: the others need not wait for the import of what measures.
    from infractl.measure.calibrate import calibrate

    return calibrate(chip, clock, directory)


def _usable(files: CalibrationFiles, chip: str, clock: Clock) -> Calibration | None:
    kept = files.kept(chip, clock)
    return kept.calibration if kept is not None and kept.usable else None


def _decoded(file: Path) -> Calibration | None:
    """None where it is not there, damaged, edited, foreign or of another version."""
    try:
        kept = json.loads(file.read_bytes())
        return decode(Calibration, kept["calibration"]) if kept["sha256"] == digest(kept["calibration"]) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
