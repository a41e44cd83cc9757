"""What is timed and what it stands for: runs of small models, and work as a sum of their times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from infractl.domain.work import Work
from infractl.measure.kernel.graph import empty, fed
from infractl.tensors import Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model's file, opened once however many runs there are of it."""

    content: bytes


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A call of a model. The inputs are taken in turn, so that branches cannot be learnt by heart."""

    model: Model
    inputs: tuple[Mapping[str, Tensor], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernel:
    """`work` takes the sum of the runs' times, each times its factor: what else is in a model is taken off by another.

    `scales`: it is also timed on several threads, to see what they gain.
    """

    work: Work
    terms: tuple[tuple[float, Run], ...]
    scales: bool = False


@cache
def idle() -> Run:
    """A call that computes nothing."""
    return Run(Model(empty()), (fed((1, 4)),))


def alone(work: Work, run: Run, times: int = 1, *, scales: bool = False) -> Kernel:
    """The model does the work so many times, and nothing besides."""
    return Kernel(work=work, terms=((1 / times, run), (-1 / times, idle())), scales=scales)


def between(work: Work, longer: Run, shorter: Run, times: int, *, scales: bool = False) -> Kernel:
    """The longer model does the work so many times more than the shorter one."""
    return Kernel(work=work, terms=((1 / times, longer), (-1 / times, shorter)), scales=scales)
