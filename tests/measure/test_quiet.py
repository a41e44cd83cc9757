"""A machine is quiet as long as other work leaves room for a server and its client."""

from __future__ import annotations

import subprocess
import sys

import pytest

from infractl.clock import SystemClock
from infractl.hardware.this_machine import usable_cores
from infractl.measure.quiet import leaves_enough, quiet


@pytest.mark.parametrize(
    ("busy_percent", "enough"),
    [
        ([0.0], True),
        ([10.0], True),
        ([60.0], False),
        ([0.0, 0.0], True),
        ([20.0, 20.0], True),
        ([100.0, 0.0], False),
        ([100.0, 100.0], False),
        ([100.0] * 62 + [0.0] * 2, True),
        ([50.0] * 64, True),
        ([99.0] * 64, False),
    ],
)
def test_what_is_left_must_do_for_two_or_for_all_there_is(busy_percent: list[float], enough: bool) -> None:
    assert leaves_enough(busy_percent) is enough


def test_a_machine_whose_cores_all_compute_is_not_quiet() -> None:
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * usable_cores())]
    try:
        assert not quiet(SystemClock())
    finally:
        for process in spinning:
            process.kill()
            process.wait()
