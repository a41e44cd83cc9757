"""The real command line under limits of memory and processor time: a hostile file fails a test, not the machine."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

MEMORY_BYTES = 3 * 2**29
CPU_S = 40
"""Several times what the dearest file takes, and a fraction of what one would take without a bound."""

_PROGRAM = """
import resource, sys
memory, seconds = map(int, sys.argv[1:3])
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
from infractl.cli.main import main
main(sys.argv[3:])
"""
_HEADLINE = re.compile(r"^(error|warning|note)\[([a-z0-9-]+)\]: ", re.MULTILINE)


@dataclass(frozen=True)
class Told:
    """What a command printed. `errors` and `others` count the problems by slug."""

    code: int
    text: str

    @property
    def errors(self) -> Counter[str]:
        return Counter(slug for severity, slug in _HEADLINE.findall(self.text) if severity == "error")

    @property
    def others(self) -> Counter[str]:
        return Counter(slug for severity, slug in _HEADLINE.findall(self.text) if severity != "error")


@pytest.fixture(scope="session")
def limited() -> Callable[..., Told]:
    return run


def run(directory: Path, *words: str) -> Told:
    """Runs infractl in a directory. A file that blocks is ended by the time limit, which is no measure of speed."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(MEMORY_BYTES), str(CPU_S), *words],
        cwd=directory,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=240,
    )
    text = (done.stdout + done.stderr).decode()
    assert done.returncode in (0, 1), f"{done.returncode}: {text[-2000:]}"
    assert "Traceback" not in text, text[-2000:]
    assert "[internal]" not in text, text[-2000:]
    return Told(done.returncode, text)
