"""Percentiles of queues that serve in batches, and of workers and cold starts, are what exact solutions or simulations have.

How far the chain, its table, the closed forms and the share of cold starts are off, and how much slower bursts are.
"""

from __future__ import annotations

from benchmarks.harness.benchmark import start
from benchmarks.placement.queue_accuracy import figures

if __name__ == "__main__":
    start(figures, __doc__, ("numpy",))
