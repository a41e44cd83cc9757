"""One run of a command as a process of its own: how long it takes, and the memory and the writes that it takes."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """`written_bytes` is all that the process gave to `write`: files and what it prints. `cpu_s` is without its children."""

    seconds: float
    cpu_s: float
    peak_bytes: int
    written_bytes: int
    output: str


def counted(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Count:
    """Raises RuntimeError with the end of what the command printed, where it exits with another code than 0."""
    with TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        # It has ended, and is not yet reaped: its counters are still there.
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        seconds = time.perf_counter() - start
        written_bytes = _written_bytes(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {process.returncode}: {text[-2000:]}")
    return Count(
        seconds=seconds,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_bytes=usage.ru_maxrss * 1024,
        written_bytes=written_bytes,
        output=text,
    )


def _written_bytes(pid: int) -> int:
    """From Linux's own count, `wchar` in proc(5)."""
    lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar:"))
