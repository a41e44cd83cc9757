"""Every family's kernels timed on this machine: on one thread, a part of them on more, and what it takes to fetch weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from infractl.domain.calibration import ActivationFetch, WeightFetch
from infractl.domain.work import TimedWork
from infractl.hardware.this_machine import usable_cores
from infractl.measure.engine_speed import DEFAULT_CACHE_BYTES, MOST_STREAMED_BYTES
from infractl.measure.kernel.convolution import convolutions
from infractl.measure.kernel.elementwise import elementwise, transcendental
from infractl.measure.kernel.fetch import activation_fetches, weight_fetches
from infractl.measure.kernel.kernel import Kernel
from infractl.measure.kernel.movement import movements, reductions
from infractl.measure.kernel.product import products
from infractl.measure.kernel.quantized import quantized_convolutions, quantized_products
from infractl.measure.kernel.recurrent import recurrences
from infractl.measure.kernel.time_kernels import time_kernels
from infractl.measure.kernel.tree import trees
from infractl.measure.machine import last_cache_bytes

_FAMILIES = (
    products,
    convolutions,
    recurrences,
    trees,
    elementwise,
    transcendental,
    reductions,
    movements,
    quantized_products,
    quantized_convolutions,
)
_MOST_THREAD_COUNTS = 3
_LONG_BLOCK_S = 0.01
"""Until a cache holds what it can of many weights, several calls have passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelSpeed:
    kernels: tuple[TimedWork, ...]
    weight_fetches: tuple[WeightFetch, ...]
    activation_fetches: tuple[ActivationFetch, ...]


def measure_kernels(directory: Path) -> KernelSpeed:
    """Time all kernels, in about ten seconds. `directory` takes the models' files."""
    kernels = list(all_kernels())
    timed = [*time_kernels(kernels, directory)]
    scaling = [kernel for kernel in kernels if kernel.scales]
    for threads in thread_counts(usable_cores()):
        timed += time_kernels(scaling, directory, threads=threads, together=False)
    cache_bytes = last_cache_bytes() or DEFAULT_CACHE_BYTES
    return KernelSpeed(
        kernels=tuple(timed),
        weight_fetches=tuple(_weight_fetches(directory, cache_bytes)),
        activation_fetches=tuple(_activation_fetches(directory, min(cache_bytes, MOST_STREAMED_BYTES // 2))),
    )


def all_kernels() -> Iterator[Kernel]:
    for family in _FAMILIES:
        yield from family()


def thread_counts(cores: int) -> list[int]:
    """Two, all cores, and what lies half way between in proportion: what is between them is interpolated."""
    if cores < 2:
        return []
    return sorted({2, round((2 * cores) ** 0.5), cores})[:_MOST_THREAD_COUNTS]


def _weight_fetches(directory: Path, cache_bytes: int) -> Iterator[WeightFetch]:
    listed = list(weight_fetches(cache_bytes, MOST_STREAMED_BYTES))
    timed = time_kernels([kernel for _, _, kernel in listed], directory, rounds=3, block_s=_LONG_BLOCK_S)
    for (total_bytes, rows, kernel), taken in zip(listed, timed, strict=True):
        per_byte = taken.seconds.scaled(1 / kernel.work.weight_bytes, "s/B")
        yield WeightFetch(total_bytes=total_bytes, rows=rows, seconds_per_byte=per_byte)


def _activation_fetches(directory: Path, cache_bytes: int) -> Iterator[ActivationFetch]:
    for kernels in activation_fetches(cache_bytes):
        within, *beyond = time_kernels(kernels, directory, rounds=3)
        kept = within.seconds.value / within.work.activation_bytes
        for taken in beyond:
            moved = taken.work.activation_bytes
            ends = [max(0.0, seconds / moved - kept) for seconds in (taken.seconds.value, taken.seconds.low, taken.seconds.high)]
            per_byte = replace(taken.seconds, unit="s/B", value=ends[0], low=ends[1], high=ends[2])
            yield ActivationFetch(family=taken.work.family, moved_bytes=int(moved), seconds_per_byte=per_byte)
