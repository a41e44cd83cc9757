"""A calibration's kernels summed up: throughput by family, element type and size, and what more threads gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median, quantiles

from infractl.domain.figure import Basis, Figure
from infractl.domain.work import Family, TimedWork, Work
from infractl.tensors import Dtype

LEAST_MEDIUM_FLOPS, LEAST_LARGE_FLOPS = 1e6, 3e7
LEAST_MEDIUM_BYTES, LEAST_LARGE_BYTES = 2**16, 2**20
_TREE = 1000
"""A comparison on the way through a tree takes as long as so many operations of a product."""
SHORT_S = 1e-4
"""What is done sooner on one thread hardly gains by more: they have to be woken."""

_COMPUTE = frozenset({Family.product, Family.convolution, Family.depthwise, Family.recurrent, Family.tree})
"""Families that are told by their operations; others by the bytes that they move."""


class Size(StrEnum):
    small = "small"
    medium = "medium"
    large = "large"


class Length(StrEnum):
    short = "short"
    long = "long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """Of `kernels` operators on one thread: the median, in FLOP/s or B/s, between the quartiles."""

    family: Family
    dtype: Dtype
    size: Size
    figure: Figure
    kernels: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """How many times faster `kernels` operators are on so many threads than on one: the median, between the quartiles."""

    family: Family
    dtype: Dtype
    threads: int
    length: Length
    figure: Figure
    kernels: int


def throughputs(timed: Sequence[TimedWork]) -> tuple[Throughput, ...]:
    """By family and type, in the order of the families, from small to large; what was not timed is left out."""
    groups: dict[tuple[Family, Dtype, Size], list[float]] = {}
    for kernel in timed:
        work = kernel.work
        if kernel.threads == 1 and kernel.seconds.value > 0 and (amount := _amount(work)):
            groups.setdefault((work.family, work.dtype, _size(work)), []).append(amount / kernel.seconds.value)
    return tuple(
        Throughput(
            family=family,
            dtype=dtype,
            size=size,
            figure=_middle(groups[family, dtype, size], unit_of(family)),
            kernels=len(groups[family, dtype, size]),
        )
        for family, dtype, size in sorted(groups, key=lambda key: (*_rank(*key[:2]), list(Size).index(key[2])))
    )


def gains(timed: Sequence[TimedWork]) -> tuple[Gain, ...]:
    """Of operators that were timed on several threads as well. More than the number of threads is noise, and counts as that."""
    alone_s = {kernel.work: kernel.seconds.value for kernel in timed if kernel.threads == 1}
    groups: dict[tuple[Family, Dtype, int, Length], list[float]] = {}
    for kernel in timed:
        work, seconds = kernel.work, alone_s.get(kernel.work)
        if kernel.threads > 1 and seconds is not None and kernel.seconds.value > 0:
            length = Length.short if seconds < SHORT_S else Length.long
            gain = min(seconds / kernel.seconds.value, kernel.threads)
            groups.setdefault((work.family, work.dtype, kernel.threads, length), []).append(gain)
    return tuple(
        Gain(
            family=family,
            dtype=dtype,
            threads=threads,
            length=length,
            figure=_middle(groups[family, dtype, threads, length], "1"),
            kernels=len(groups[family, dtype, threads, length]),
        )
        for family, dtype, threads, length in sorted(
            groups, key=lambda key: (*_rank(*key[:2]), key[2], list(Length).index(key[3]))
        )
    )


def unit_of(family: Family) -> str:
    return "FLOP/s" if family in _COMPUTE else "B/s"


def _rank(family: Family, dtype: Dtype) -> tuple[int, str]:
    return list(Family).index(family), dtype.value


def _amount(work: Work) -> float:
    return work.flops if work.family in _COMPUTE else work.activation_bytes


def _size(work: Work) -> Size:
    medium, large = (
        (LEAST_MEDIUM_FLOPS, LEAST_LARGE_FLOPS) if work.family in _COMPUTE else (LEAST_MEDIUM_BYTES, LEAST_LARGE_BYTES)
    )
    amount = _amount(work) * (_TREE if work.family is Family.tree else 1)
    return Size.small if amount < medium else Size.medium if amount < large else Size.large


def _middle(values: Sequence[float], unit: str) -> Figure:
    low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else (*values, *values, *values)
    source = f"the median of {len(values)} operators, between the quartiles"
    return Figure(value=median(values), unit=unit, low=low, high=high, basis=Basis.measured, source=source)
