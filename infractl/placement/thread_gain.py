"""What more threads gain: how many times faster an operator is on them than on one, by how long it takes on one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any

from infractl.domain.work import Family, TimedWork, Work

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

_SMOOTHING = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class ThreadGain:
    """By family and number of threads: the logarithms of one thread's seconds, in order, and those of the gains there."""

    samples: Mapping[Family, Mapping[int, tuple[Array, Array]]]

    def of(self, family: Family, threads: int, alone_s: Array) -> Array:
        """The factor by which each time shrinks. A family that was not timed on several threads gains nothing."""
        import numpy as np

        known = self.samples.get(family, {})
        if threads == 1 or not known:
            return np.ones_like(alone_s)
        # Between two numbers of threads in proportion of their logarithms; beyond the last, as with that.
        counts = [1, *sorted(known)]
        gains = [np.zeros_like(alone_s)] + [_around(*known[count], np.log(alone_s)) for count in counts[1:]]
        position = np.interp(log(threads), [log(count) for count in counts], np.arange(len(counts)))
        below = int(position)
        above = min(below + 1, len(counts) - 1)
        found: Array = np.exp(gains[below] + (position - below) * (gains[above] - gains[below]))
        return found


def gains_of(timed: Sequence[TimedWork]) -> ThreadGain:
    """From works that were timed on one thread and on several."""
    import numpy as np

    alone_s: dict[Work, float] = {kernel.work: kernel.seconds.value for kernel in timed if kernel.threads == 1}
    pairs: dict[Family, dict[int, list[tuple[float, float]]]] = {}
    for kernel in timed:
        if kernel.threads > 1 and kernel.work in alone_s:
            of_family = pairs.setdefault(kernel.work.family, {}).setdefault(kernel.threads, [])
            seconds = alone_s[kernel.work]
            of_family.append((log(seconds), min(log(seconds / kernel.seconds.value), log(kernel.threads))))
    samples = {
        family: {count: (np.array(sorted(found))[:, 0], np.array(sorted(found))[:, 1]) for count, found in by_count.items()}
        for family, by_count in pairs.items()
    }
    return ThreadGain(samples)


def _around(known: Array, values: Array, wanted: Array) -> Array:
    """The mean of the values, near ones counting most."""
    import numpy as np

    weight = 1 / (np.abs(known[None, :] - wanted[:, None]) + _SMOOTHING) ** 2
    found: Array = (weight * values).sum(axis=1) / weight.sum(axis=1)
    return found
