"""Starts the load process, hands it a job, and ends it whatever happens."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence

from infractl import __version__
from infractl.measure.bench.job import Address, Job, Load, read_load, write_task
from infractl.measure.server import MeasureError

NAME = f"infractl's load process {__version__}"

Send = Callable[[Job, Sequence[bytes]], Load]
"""Carries a job out with these bodies, in turn and over again. Raises MeasureError."""


def sender(address: Address) -> Send:
    """Sends to `address`, each job in a new process. Interrupted, it ends the load at once."""

    def send(job: Job, bodies: Sequence[bytes]) -> Load:
        command = [sys.executable, "-m", "infractl.measure.bench.worker"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
            try:
                return _converse(child, address, job, bodies)
            finally:
                # Its connections close with it. After a whole answer it has ended by itself.
                child.kill()

    return send


def _converse(child: subprocess.Popen[bytes], address: Address, job: Job, bodies: Sequence[bytes]) -> Load:
    assert child.stdin and child.stdout and child.stderr
    try:
        write_task(child.stdin, address, job, bodies)
        return read_load(child.stdout)
    except (OSError, ValueError) as error:
        last = child.stderr.read().decode(errors="replace").strip().splitlines()[-1:]
        raise MeasureError.of(
            "load-failed",
            summary="the process that sends the requests ended before it had told what became of them",
            detail=last[0] if last else str(error),
            at=address.authority,
            remedy="see that the host's name is known here and that processes may be started, then run the command again",
        ) from error
