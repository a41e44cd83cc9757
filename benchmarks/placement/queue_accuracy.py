"""How far the chain of the batching queue, its table, the closed forms of workers and the share of cold starts are off.

Each is compared with what is exact, or with what is played request by request.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from decimal import Decimal, localcontext
from itertools import product

import numpy as np

from benchmarks.harness.figure import Figure
from infractl.placement import batch_table, workers
from infractl.placement.arrivals import PATTERNS
from infractl.placement.batch_table import PERCENTILES
from infractl.placement.queueing import Queue, latency_percentiles
from infractl.placement.serverless import cold_share
from infractl.placement.simulate import REQUESTS, Batching, simulate

_PARTS = ((1e-4, 1e-3), (2e-3, 1e-3), (2e-2, 5e-4))
_RUN = 100_000
_KEEP_ALIVE_S = 600.0


def figures(quick: bool) -> Iterator[Figure]:
    """`quick` plays an eighth of the requests and draws a tenth of the queues."""
    yield _worst("queue_chain_crommelin_worst_share", list(_off_crommelin()), "<= 0.0001")
    yield from _chain_simulated(1 if quick else 8)
    yield from _table(1_200 if quick else 12_000)
    yield from _fitted(50 if quick else 500)
    yield from _workers(1 if quick else 3)
    yield _worst("cold_share_worst_error", list(_cold(400_000)), "<= 0.1")
    yield from _played()


def line(fixed_s: float, item_s: float, cap: int) -> tuple[float, ...]:
    return tuple(fixed_s + item_s * items for items in range(1, cap + 1))


def _worst(name: str, off: list[float], goal: str) -> Figure:
    return Figure(name=name, value=max(off), unit="share", goal=goal)


def _off_crommelin() -> Iterator[float]:
    """How far the exact distribution function is from a percentile, where the chain puts it, without batches."""
    for load in (0.3, 0.5, 0.7, 0.9, 0.95):
        computed = latency_percentiles(Queue(rate_per_s=load, batch_s=(1.0,)), PERCENTILES)
        for percentile, latency in zip(PERCENTILES, computed, strict=True):
            yield abs(crommelin(load, latency - 1) - max(percentile / 100, 1 - load))


def crommelin(load: float, wait: float) -> float:
    """P(W <= wait), in services, with one server and fixed service times (Crommelin 1932). Its terms cancel: hence 80 digits."""
    with localcontext() as context:
        context.prec = 80
        rate, late = Decimal(load), Decimal(wait)
        terms = ((rate * (k - late)) ** k / math.factorial(k) * (-rate * (k - late)).exp() for k in range(int(wait) + 1))
        return float((1 - rate) * sum(terms))


def _chain_simulated(runs: int) -> Iterator[Figure]:
    off = []
    cells = product(_PARTS, (1, 2, 8, 32), (0.1, 0.3, 0.5, 0.7))
    for number, ((fixed_s, item_s), cap, load) in enumerate(cells):
        queue = Queue(rate_per_s=load * cap / (fixed_s + item_s * cap), batch_s=line(fixed_s, item_s, cap))
        played = [
            simulate(Batching(batch_s=queue.batch_s), queue.rate_per_s, PATTERNS["steady"], _RUN, 1000 * number + run)
            for run in range(runs)
        ]
        means = [np.mean([run[percentile].value for run in played]) for percentile in PERCENTILES]
        off.append(np.abs(np.array(latency_percentiles(queue, PERCENTILES)) / means - 1))
    for place, percentile in enumerate(PERCENTILES):
        errors = np.array(off)[:, place]
        print(f"chain against {len(off)} simulations: p{percentile} {errors.mean():.2%} in the mean, {errors.max():.2%} at worst")
    yield Figure(name="queue_chain_simulated_p99_mean_error", value=float(np.mean(off, axis=0)[-1]), unit="share", goal="<= 0.02")


def _table(queues: int) -> Iterator[Figure]:
    drawn = list(_drawn(queues))
    began = time.perf_counter()
    queues_drawn = (Queue(rate_per_s=rate, batch_s=line(fixed_s, item_s, cap)) for rate, fixed_s, item_s, cap in drawn)
    solved = [latency_percentiles(queue, PERCENTILES) for queue in queues_drawn]
    chain_s = time.perf_counter() - began
    columns = [np.array(column) for column in zip(*drawn, strict=True)]
    batch_table.latency_s(*columns)
    began = time.perf_counter()
    read = batch_table.latency_s(*columns)
    table_s = time.perf_counter() - began
    errors = np.abs(read / np.array(solved) - 1)
    yield _worst("queue_table_worst_error", list(errors.max(axis=1)), "<= 0.02")
    yield Figure(name="queue_table_mean_error", value=float(errors.mean()), unit="share")
    yield Figure(name="queue_table_vs_chain", value=chain_s / table_s, unit="ratio", goal=">= 100")
    yield Figure(name="queue_table_candidate", value=table_s / queues * 1e6, unit="us")


def _drawn(queues: int) -> Iterator[tuple[float, float, float, int]]:
    """Rate, fixed and item's part, and cap; half of the caps powers of two, half of the loads near none or the limit."""
    source = random.Random(0)
    for _ in range(queues):
        cap = source.choice([source.randint(1, 128), 1 << source.randint(0, 7)])
        item_s = 10 ** source.uniform(-6, -1)
        fixed_s = item_s * source.choice([0.0, 10 ** source.uniform(-2, 4)])
        load = source.choice([source.random() * 0.95, 10 ** source.uniform(-4, -0.03)])
        yield load * cap / (fixed_s + item_s * cap), fixed_s, item_s, cap


def _fitted(tables: int) -> Iterator[Figure]:
    """Tables of batches that are no lines, by how far the line to them is off."""
    source, found = random.Random(0), []
    for number in range(tables):
        cap, fixed = source.choice([4, 8, 16, 32]), 10 ** source.uniform(-1.5, 1.5)
        items = np.arange(1, cap + 1)
        shapes = (
            fixed + np.maximum(source.uniform(1, cap), items),
            fixed + items ** source.uniform(0.6, 1.25),
            np.maximum.accumulate(
                (fixed + items) * np.exp(np.random.default_rng(number).normal(0, source.uniform(0, 0.06), cap))
            ),
        )
        batch_s = tuple(float(seconds) for seconds in source.choice(shapes))
        fit, rate = batch_table.affine(batch_s), source.uniform(0.1, 0.85) * cap / batch_s[-1]
        exact = np.array(latency_percentiles(Queue(rate_per_s=rate, batch_s=batch_s), PERCENTILES))
        off = np.abs(batch_table.latency_s(rate, fit.fixed_s, fit.item_s, cap) / exact - 1).max()
        found.append((fit, float(off)))
    close = [off for fit, off in found if fit.is_close]
    print(f"{len(close)} of {tables} tables of batches are close to a line")
    yield _worst("queue_fitted_line_worst_error", close, "<= 0.12")
    yield Figure(name="queue_fitted_line_mean_error", value=float(np.mean(close)), unit="share")


def _workers(runs: int) -> Iterator[Figure]:
    off = []
    for number, (count, load) in enumerate(product((1, 2, 4, 8, 16), (0.5, 0.7, 0.8, 0.9, 0.95))):
        queue = workers.Workers(rate_per_s=load * count / 0.01, service_s=0.01, workers=count)
        batching = Batching(batch_s=(0.01,), instances=count, is_split=False)
        played = [simulate(batching, queue.rate_per_s, PATTERNS["steady"], _RUN, 1000 * number + run) for run in range(runs)]
        off.append(abs(workers.latency_s(queue)[99] / float(np.mean([run[99].value for run in played])) - 1))
    yield Figure(name="workers_fixed_p99_median_error", value=float(np.median(off)), unit="share", goal="<= 0.06")
    yield _worst("workers_fixed_p99_worst_error", off, "<= 0.25")


def _cold(requests: int) -> Iterator[float]:
    """At rates up to 0.1/s, where cold starts matter; among 400000 requests some hundreds are cold, which is 4% of chance."""
    for rate, service_s in product((0.003, 0.01, 0.03, 0.1), (0.05, 0.2, 2.0)):
        played = _cold_played(rate, service_s, requests)
        off = abs(cold_share(rate, service_s, _KEEP_ALIVE_S) / played - 1)
        print(f"cold starts at {rate:g}/s of {service_s:g}s: {played:.3%} of those that are played; computed {off:.1%} off")
        yield off


def _cold_played(rate: float, service_s: float, requests: int) -> float:
    """Each takes the first free instance in a fixed order."""
    source, now, cold = random.Random(0), 0.0, 0
    free: list[float] = []
    for _ in range(requests):
        now += source.expovariate(rate)
        place = next((place for place, since in enumerate(free) if since <= now), None)
        if place is None:
            cold += 1
            free.append(now + service_s)
        else:
            cold += now > free[place] + _KEEP_ALIVE_S
            free[place] = now + service_s
    return cold / requests


def _played() -> Iterator[Figure]:
    batch_s = line(4e-3, 1e-3, 16)
    rate = 0.7 * 16 / batch_s[-1]
    began = time.perf_counter()
    simulate(Batching(batch_s=batch_s), rate, PATTERNS["bursty"])
    yield Figure(name="queue_simulated_20000_requests", value=(time.perf_counter() - began) / REQUESTS * 2e7, unit="ms")
    bursty = simulate(Batching(batch_s=batch_s), rate, PATTERNS["bursty"], 5 * _RUN)[99].value
    chain = latency_percentiles(Queue(rate_per_s=rate, batch_s=batch_s), PERCENTILES)[-1]
    yield Figure(name="queue_bursty_p99_over_steady", value=bursty / chain, unit="ratio")
