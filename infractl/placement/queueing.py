"""Latency of a queue that is served in batches: Poisson arrivals at one server that, once free, takes what waits, up to a cap.

The embedded Markov chain at the ends of service (Bailey 1954; Neuts 1967), solved numerically: no closed form gives its tail.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float64]

NUMERIC_LIMIT = 0.95
"""The busy share up to which the chain is solved; a queue this close to its limit is of no use to a plan."""

_MOMENTS = 32
"""Points within a service at which arrivals are looked at."""

_NEGLIGIBLE = 1e-9

_NEGLIGIBLE_TAIL = 1e-7
"""Far below what a p99 can show, and less costly: the chain's size is solved in its third power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One server: requests at `rate_per_s`, and `batch_s[b - 1]` seconds to serve b of them at once, b up to the cap."""

    rate_per_s: float
    batch_s: tuple[float, ...]

    @property
    def cap(self) -> int:
        return len(self.batch_s)

    @property
    def utilization(self) -> float:
        """The load as a share of what full batches can carry; at 1 and above the queue grows without end."""
        return self.rate_per_s * self.batch_s[-1] / self.cap


@lru_cache(maxsize=4096)
def latency_percentiles(queue: Queue, percentiles: tuple[int, ...]) -> tuple[float, ...]:
    """Seconds from arrival to the end of service, by percentile. `queue.utilization` must be at most NUMERIC_LIMIT."""
    import numpy as np

    if queue.utilization > NUMERIC_LIMIT * (1 + _NEGLIGIBLE):
        raise ValueError("the queue is too close to its limit")
    if queue.rate_per_s * max(queue.batch_s) < _NEGLIGIBLE:
        return tuple(queue.batch_s[0] for _ in percentiles)
    points, cumulative = latency_distribution(queue)
    return tuple(float(v) for v in np.interp(np.array(percentiles) / 100, cumulative, points))


def latency_distribution(queue: Queue) -> tuple[Vector, Vector]:
    """Latencies in seconds, ascending, and the share of requests up to each; between them it grows linearly.

    The first step is of those that find the server idle: they take `queue.batch_s[0]`.
    """
    import numpy as np

    idle, busy = _time_shares(queue, _stationary(queue))
    alone_s = queue.batch_s[0]
    at_once = (np.array([alone_s]), np.array([idle]), np.array([alone_s * _NEGLIGIBLE]))
    parts = zip(at_once, *_while_busy(queue, busy), strict=True)
    latency, weight, width = (np.concatenate(part) for part in parts)
    return _mixture(latency, weight, width)


def _poisson(means: Vector, size: int) -> Vector:
    """Probabilities of 0 .. size-1 events, in the last axis, for each mean; what is beyond is left out."""
    import numpy as np

    counts = np.arange(size)
    log_factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, size)))])
    means = np.maximum(np.asarray(means, dtype=float), 1e-300)[..., None]
    result: Vector = np.exp(counts * np.log(means) - means - log_factorials)
    return result


def _levels(queue: Queue) -> int:
    """How many waiting requests the chain must know of, so that more of them have a negligible probability."""
    # While full batches are served, the number that waits has a geometric tail. Its ratio 1/z solves the characteristic
    # equation z^cap = exp(rate · S · (z - 1)) for z > 1, found by bisection on cap · ln z - rate · S · (z - 1).
    arrivals = queue.rate_per_s * queue.batch_s[-1]
    low, high = queue.cap / arrivals, 2 * queue.cap / arrivals
    while queue.cap * math.log(high) > arrivals * (high - 1):
        high *= 2
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if queue.cap * math.log(middle) > arrivals * (middle - 1) else (low, middle)
    tail = math.log(1 / _NEGLIGIBLE_TAIL) / math.log(low)
    spread = arrivals + 8 * math.sqrt(arrivals) + 8
    return int(queue.cap + max(tail, spread)) + 1


def _stationary(queue: Queue) -> Vector:
    """Probabilities of 0, 1, 2, ... waiting requests at the end of a service."""
    import numpy as np

    size = _levels(queue)
    arrivals = _poisson(queue.rate_per_s * np.array(queue.batch_s), size)
    chain = np.zeros((size, size))
    for waiting in range(size):
        taken = min(max(waiting, 1), queue.cap)
        left = max(waiting, 1) - taken
        chain[waiting, left:] = arrivals[taken - 1, : size - left]
    chain[:, -1] += 1 - chain.sum(axis=1)
    balance = chain.T - np.eye(size)
    balance[-1] = 1.0
    result: Vector = np.linalg.solve(balance, np.eye(size)[-1])
    return np.clip(result, 0.0, None)


def _time_shares(queue: Queue, waiting: Vector) -> tuple[float, Vector]:
    """The idle share of time, and the share that is spent on services that began with 0, 1, 2, ... in the queue."""
    import numpy as np

    # A service never begins with none: the server then waits for the next request and serves it alone.
    began = waiting.copy()
    began[1] += began[0]
    began[0] = 0.0
    sizes = np.clip(np.arange(len(began)), 1, queue.cap)
    busy_s = began * np.array(queue.batch_s)[sizes - 1]
    idle_s = waiting[0] / queue.rate_per_s
    cycle_s = busy_s.sum() + idle_s
    return float(idle_s / cycle_s), busy_s / cycle_s


def _while_busy(queue: Queue, busy: Vector) -> Iterator[tuple[Vector, Vector, Vector]]:
    """Latencies of requests that arrive during a service, with their weights and the width over which each is spread."""
    import numpy as np

    cap, batch_s = queue.cap, np.array(queue.batch_s)
    # A batch that is not full leaves nobody behind.
    partial = np.flatnonzero(busy[:cap] > _NEGLIGIBLE / 10)
    if len(partial):
        yield from _during(queue, batch_s[partial - 1], busy[partial][:, None])
    if busy[cap:].sum() > _NEGLIGIBLE / 10:
        yield from _during(queue, batch_s[-1:], busy[None, cap:])


def _during(queue: Queue, service_s: Vector, left: Vector) -> Iterator[tuple[Vector, Vector, Vector]]:
    """The part of `_while_busy` for services that take `service_s[i]`, where `left[i, n]` is the share with n left in the queue.

    A request that arrives `u` into a service of S seconds, behind `ahead` others, is served after the rest of that service and
    `ahead // cap` full batches, in a batch of those left of it, itself and those that come before that batch begins.
    """
    import numpy as np

    cap, rate, batch_s = queue.cap, queue.rate_per_s, np.array(queue.batch_s)
    # The next batch, unless it is full, holds all that arrive during the service: how many, does not depend on u.
    others = _convolved(left, _poisson(rate * service_s, cap))[:, : cap - 1]
    yield _kept(service_s[:, None] / 2 + batch_s[:-1], others, service_s[:, None])
    rest_s = service_s[:, None] * (1 - (np.arange(_MOMENTS) + 0.5) / _MOMENTS)
    width_s = service_s[:, None] / _MOMENTS
    most = rate * service_s.max()
    arrived = _poisson(rate * (service_s[:, None] - rest_s), int(most + 8 * np.sqrt(most) + 10))
    ahead = _convolved(left[:, None, :] / _MOMENTS, arrived)
    in_next = ahead[..., :cap].sum(axis=-1) - others.sum(axis=-1, keepdims=True) / _MOMENTS
    yield _kept(rest_s + batch_s[-1], in_next, width_s)
    later = np.pad(ahead, [(0, 0), (0, 0), (0, -ahead.shape[-1] % cap)])[..., cap:].reshape(*ahead.shape[:2], -1, cap)
    services = np.flatnonzero(later.sum(axis=(1, 2, 3)) > _NEGLIGIBLE / 10)
    batches = int((later.sum(axis=(0, 1, 3)) > _NEGLIGIBLE / 10).sum())
    start_s = rest_s[services, :, None] + (1 + np.arange(batches)) * batch_s[-1]
    own = _own_batch(later[services, :, :batches], _poisson(rate * start_s, cap))
    yield _kept(start_s[..., None] + batch_s, own, width_s[services, :, None, None])


def _kept(latency: Vector, weight: Vector, width: Vector) -> tuple[Vector, Vector, Vector]:
    """Those of which the weight counts, each as one row."""
    import numpy as np

    kept = weight > _NEGLIGIBLE / 1000
    return latency[kept], weight[kept], np.broadcast_to(width, weight.shape)[kept]


def _convolved(one: Vector, other: Vector) -> Vector:
    """The distributions of sums, in the last axis."""
    import numpy as np

    size = one.shape[-1] + other.shape[-1] - 1
    if one.shape[-1] == 1:
        return one * other
    result: Vector = np.fft.irfft(np.fft.rfft(one, size) * np.fft.rfft(other, size), size)
    return result


def _own_batch(ahead: Vector, behind: Vector) -> Vector:
    """Weights by the size of the request's own batch: those `ahead` of it in the batch, itself, and as many `behind` as fit."""
    cap = ahead.shape[-1]
    own = _convolved(ahead, behind)[..., :cap]
    own[..., cap - 1] = ahead.sum(axis=-1) - own[..., : cap - 1].sum(axis=-1)
    return own


def _mixture(latency: Vector, weight: Vector, width: Vector) -> tuple[Vector, Vector]:
    """The distribution function of a mixture of uniform ones, each `width` wide around its latency, as points and shares."""
    import numpy as np

    # It is piecewise linear: its slope changes where a uniform part begins or ends.
    density = weight / width
    points = np.concatenate([latency - width / 2, latency + width / 2])
    order = np.argsort(points)
    points, slope = points[order], np.cumsum(np.concatenate([density, -density])[order])
    cumulative = np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(points))])
    return points, cumulative / cumulative[-1]
