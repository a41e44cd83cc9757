"""The load process: `python -m infractl.measure.bench.worker` reads a task from stdin and writes what became of it to stdout.

A process of its own shares no interpreter with whoever started it, and imports nothing but the standard library. It ends at once
when its stdin does, so that no load outlives the command that asked for it.
"""

from __future__ import annotations

import ctypes
import gc
import signal
import sys

from infractl.measure.bench.closed_loop import run_closed
from infractl.measure.bench.job import Address, Job, Load, OpenJob, read_task, write_load
from infractl.measure.bench.open_loop import run_open
from infractl.measure.bench.pool import Pool
from infractl.measure.load import post_request

_SET_TIMER_SLACK = 29
"""PR_SET_TIMERSLACK of Linux' prctl(2): how much later than asked for a sleeping thread may be woken; 50 us by default."""


def main() -> None:
    # Ctrl-C goes to every process of the terminal: this one has nothing to tell and ends without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    address, job, bodies = read_task(sys.stdin.buffer)
    _wake_in_time()
    # What a load makes has no cycles; looking for some would be a pause in the middle of it.
    gc.disable()
    write_load(sys.stdout.buffer, run_job(address, job, bodies, stop_descriptor=sys.stdin.fileno()))


def run_job(address: Address, job: Job, bodies: list[bytes], stop_descriptor: int | None = None) -> Load:
    """Carry a job out in this process. Raises OSError where the host's name is not known."""
    requests = [post_request(address.path, address.authority, body) for body in bodies]
    most = job.connections if isinstance(job, OpenJob) else job.streams * job.group
    pool = Pool(address, most=most, timeout_s=job.timeout_s, stop_descriptor=stop_descriptor)
    try:
        if isinstance(job, OpenJob):
            return run_open(job, pool, requests)
        return run_closed(job, pool, requests)
    finally:
        pool.close()


def _wake_in_time() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_TIMER_SLACK, 1, 0, 0, 0)


if __name__ == "__main__":
    main()
