"""`infractl calibrate`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from infractl.cli.parameter import AsJson

if TYPE_CHECKING:
    from infractl.domain.calibration import KeptCalibration


def calibrate(
    show: Annotated[bool, typer.Option("--show", help="Measure nothing: show what is kept, and whether it still holds.")] = False,
    json: AsJson = False,
) -> None:
    """Measure how fast this machine computes and serves.

    Plans predict with it. The first one measures by itself, and so does one that finds the machine changed; this command
    measures in any case, in about half a minute. No project is needed.
    """
    from infractl.cli.terminal import progress
    from infractl.clock import SystemClock
    from infractl.workflows.calibrate import calibrate as run
    from infractl.workflows.calibrate import kept

    found = kept(SystemClock()) if show else run(SystemClock(), progress)
    sys.stdout.write(_json(found) if json else _text(found))


def _json(found: KeptCalibration) -> str:
    import json

    from infractl.report.calibration_json import calibration_json

    return json.dumps(calibration_json(found), indent=2) + "\n"


def _text(found: KeptCalibration) -> str:
    from infractl.cli.terminal import style_of
    from infractl.report.calibration_text import calibration_text

    return calibration_text(found, style_of(sys.stdout))
