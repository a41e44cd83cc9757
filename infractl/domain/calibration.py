"""How one machine computes: what a short run of standard operators, and of an empty model behind the real server, showed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from infractl.domain.figure import Figure
from infractl.domain.work import Family, TimedWork


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightFetch:
    """What each byte of weights adds to a product of `rows` rows, where all weights together take `total_bytes`.

    Kernels are timed with their weights in the nearest cache. In a larger model others have evicted them when their turn comes.
    What it takes to fetch them is added: it does not overlap with the arithmetic.
    """

    total_bytes: int
    rows: float
    seconds_per_byte: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationFetch:
    """What each byte adds that an operator reads or writes, where it moves `moved_bytes` in all: more than caches keep."""

    family: Family
    moved_bytes: int
    seconds_per_byte: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How fast one machine computes, by a short run of standard operators and of an empty model behind the real server.

    `flops_per_s` is fp32 matrix products on one thread, `bandwidth_bytes_per_s` weights streamed from memory on one thread,
    `cached_bandwidth_bytes_per_s` the same for weights of at most `cached_bytes`, which stay in the processor's cache;
    `call_s` is the fixed cost of one engine call and `operator_s` that of each operator in it; `request_s` is what the server
    and the loopback add to a small request (HTTP, parsing, reply), between the p5 and the p99 of single requests that meet no
    other, `value_s` what each number in its tensors adds to that;
    `requests_per_s` is the most requests that the server passes to an empty model one a call, `joined_per_s` the same in calls
    of up to `joined`.
    `kernels` are operators of each family in several sizes, timed one by one, on one thread and on more; a kernel's time holds
    what the engine does for any operator. `weight_fetches` and `activation_fetches` are what is added where caches are too small.
    `machine` names processor, cores and library versions: another machine needs its own. `method` tells in which way it was
    measured: figures of two ways are not to be compared. `busy`: other work took part of the machine.
    """

    chip: str
    machine: Mapping[str, str]
    at: datetime
    flops_per_s: Figure
    bandwidth_bytes_per_s: Figure
    cached_bandwidth_bytes_per_s: Figure
    cached_bytes: int
    call_s: Figure
    operator_s: Figure
    request_s: Figure
    value_s: Figure
    requests_per_s: Figure
    joined_per_s: Figure
    joined: int
    kernels: tuple[TimedWork, ...] = ()
    weight_fetches: tuple[WeightFetch, ...] = ()
    activation_fetches: tuple[ActivationFetch, ...] = ()
    busy: bool = False
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FactChange:
    """A fact of the machine that was another one when it was calibrated. None: it was not named then, or is not now."""

    name: str
    then: str | None
    now: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptCalibration:
    """A calibration that is kept in the file `path`, and what stands against its being used.

    `changes` are the facts that are not as they were; `outdated`: it is measured in another way now; one that was made on a busy
    machine is used `until` then, and `expired` says that this has passed.
    """

    calibration: Calibration
    path: str
    changes: tuple[FactChange, ...] = ()
    outdated: bool = False
    until: datetime | None = None
    expired: bool = False

    @property
    def usable(self) -> bool:
        """Whether plans compute with it; else the next one calibrates anew."""
        return not (self.changes or self.outdated or self.expired)


def changes_between(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[FactChange, ...]:
    """The facts that differ, in the order of the present ones; what is not named any more comes last."""
    names = [*now, *(name for name in then if name not in now)]
    return tuple(
        FactChange(name=name, then=then.get(name), now=now.get(name)) for name in names if then.get(name) != now.get(name)
    )
