"""Whether other work leaves this machine enough of its cores for a measurement."""

from __future__ import annotations

import os
from collections.abc import Sequence

from infractl.clock import Clock

_LOOK_S = 0.25
_LOOKS = 6
_NEEDED_CORES = 2
"""One for the server and one for its client."""
_SPARE = 0.75
"""Of those, so that the system's own small work is not taken for load."""


def quiet(clock: Clock) -> bool:
    """Look, and wait a moment where the machine is busy; False where it stays so."""
    import psutil

    psutil.cpu_percent(percpu=True)
    for _ in range(_LOOKS):
        clock.sleep(_LOOK_S)
        if leaves_enough(_usable(psutil.cpu_percent(percpu=True))):
            return True
    return False


def leaves_enough(busy_percent: Sequence[float]) -> bool:
    """Whether the cores, each so busy, have room for a server and its client, or for as much as there is."""
    free_cores = sum(100 - percent for percent in busy_percent) / 100
    return free_cores >= _SPARE * min(_NEEDED_CORES, len(busy_percent))


def _usable(busy_percent: Sequence[float]) -> Sequence[float]:
    """Those of the cores that the scheduler lets this process use."""
    if not hasattr(os, "sched_getaffinity"):
        return busy_percent
    usable = os.sched_getaffinity(0)
    return [percent for core, percent in enumerate(busy_percent) if core in usable] or busy_percent
