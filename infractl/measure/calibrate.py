"""The calibration of this machine: what its engine and its server are measured to do, in less than a minute."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from infractl.clock import Clock
from infractl.domain.calibration import Calibration
from infractl.domain.figure import Figure
from infractl.measure.engine_speed import measure_engine
from infractl.measure.kernel_speed import measure_kernels
from infractl.measure.load import LoadError
from infractl.measure.machine import machine_facts
from infractl.measure.method import method
from infractl.measure.quiet import quiet
from infractl.measure.server import MeasureError
from infractl.measure.server_speed import JOINED, measure_server


def calibrate(chip: str, clock: Clock, directory: Path) -> Calibration:
    """Measure this machine under the name `chip`; 20 to 40 seconds, the more the larger its caches. `directory` takes its files.

    Where other work keeps the machine busy for longer than it is waited for, the calibration and each figure's source say so.
    Raises MeasureError where the server cannot be started or does not answer.
    """
    busy = not quiet(clock)
    engine = measure_engine(directory)
    kernels = measure_kernels(directory)
    try:
        server = measure_server(directory, clock, engine.call_s.value)
    except (LoadError, OSError) as error:
        raise MeasureError.of(
            "calibration-failed",
            summary="this machine could not be calibrated",
            detail=f"the server under load: {error}",
            remedy="run the command again; if it fails again, run it with --debug",
        ) from error
    made = Calibration(
        chip=chip,
        machine=machine_facts(),
        at=clock.now(),
        flops_per_s=engine.flops_per_s,
        bandwidth_bytes_per_s=engine.bandwidth_bytes_per_s,
        cached_bandwidth_bytes_per_s=engine.cached_bandwidth_bytes_per_s,
        cached_bytes=engine.cached_bytes,
        call_s=engine.call_s,
        operator_s=engine.operator_s,
        request_s=server.request_s,
        value_s=server.value_s,
        requests_per_s=server.requests_per_s,
        joined_per_s=server.joined_per_s,
        joined=JOINED,
        kernels=kernels.kernels,
        weight_fetches=kernels.weight_fetches,
        activation_fetches=kernels.activation_fetches,
        busy=busy,
        method=method(),
    )
    return _with_note(made, "; other work kept the machine busy") if busy else made


def _with_note(calibration: Calibration, note: str) -> Calibration:
    changes: dict[str, Any] = {}
    for field in fields(calibration):
        figure = getattr(calibration, field.name)
        if isinstance(figure, Figure):
            changes[field.name] = replace(figure, source=figure.source + note)
    return replace(calibration, **changes)
