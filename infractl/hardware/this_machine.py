"""The processor of this machine, as a chip. How fast it is is left to calibration."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from functools import cache
from pathlib import Path

from infractl.domain.chip import Chip
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.precision import Precision
from infractl.domain.unknown import Unknown

NOT_CALIBRATED = Unknown("not calibrated")


@cache
def this_chip() -> Chip:
    """The processor, named by its model and the cores that this process may use: "AMD EPYC 9R14 x2"."""
    cores = usable_cores()
    return Chip(
        name=f"{_model_name()} x{cores}",
        hardware_class=HardwareClass.cpu,
        cores=cores,
        peak_flops_per_s={Precision.fp32: NOT_CALIBRATED},
        bandwidth_bytes_per_s=NOT_CALIBRATED,
        memory_bytes=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
    )


def usable_cores() -> int:
    """The cores that the scheduler lets this process use, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def plain_name(text: str) -> str:
    """A processor's name without trademark signs, the word "Processor", core counts, clock rates and doubled blanks."""
    text = re.sub(r"\((R|TM|C)\)", " ", text, flags=re.IGNORECASE)
    text = re.sub(r"@.*$|\b\d+-Core\b|\b(Processor|CPU)\b", " ", text, flags=re.IGNORECASE)
    return " ".join(text.split())


def _model_name() -> str:
    found = _linux_name() if platform.system() == "Linux" else _darwin_name()
    return plain_name(found or "") or platform.processor() or platform.machine()


def _linux_name() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return None
    fields = (line.partition(":") for line in lines)
    return next((value.strip() for name, _, value in fields if name.strip() == "model name"), None)


def _darwin_name() -> str | None:
    try:
        asked = subprocess.run(["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.strip() or None
