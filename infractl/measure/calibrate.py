"""The calibration of this machine: what its engine and its server are measured to do, in a few seconds."""

from __future__ import annotations

import tempfile
from pathlib import Path

from infractl.clock import Clock
from infractl.domain.measurement import Calibration
from infractl.measure.engine_speed import measure_engine
from infractl.measure.load import LoadError
from infractl.measure.machine import machine_facts
from infractl.measure.server import MeasureError
from infractl.measure.server_speed import JOINED, measure_server


def calibrate(chip: str, clock: Clock, directory: Path) -> Calibration:
    """Measure this machine under the name `chip`; about 4 seconds. Its files are made in a folder of `directory`, and removed.

    Raises MeasureError where the server cannot be started or does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="calibration-", dir=directory, ignore_cleanup_errors=True) as made:
        engine = measure_engine(Path(made))
        try:
            server = measure_server(Path(made), clock, engine.call_s.value)
        except (LoadError, OSError) as error:
            raise MeasureError.of(
                "calibration-failed",
                summary="this machine could not be calibrated",
                detail=f"the server under load: {error}",
                remedy="run the command again; if it fails again, run it with --debug",
            ) from error
    return Calibration(
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
    )
