"""How fast one thread of the engine computes: standard operators, timed in small models that are made here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.domain.figure import Figure
from infractl.measure.machine import last_cache_bytes
from infractl.measure.model import chain, identity, product
from infractl.measure.spread import measured

if TYPE_CHECKING:
    from infractl.engines.engine import Session

LEAST_STREAMED_BYTES = 64 * 2**20
MOST_STREAMED_BYTES = 256 * 2**20
MOST_CACHED_BYTES = 16 * 2**20
DEFAULT_CACHE_BYTES = 8 * 2**20

_TICK_S = 1e-9
_DEEP = 32
_PRODUCT_WIDTH = 1024
_PRODUCT_ROWS = (16, 32, 128)


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSpeed:
    flops_per_s: Figure
    bandwidth_bytes_per_s: Figure
    cached_bandwidth_bytes_per_s: Figure
    cached_bytes: int
    call_s: Figure
    operator_s: Figure


def measure_engine(directory: Path) -> EngineSpeed:
    """Time standard operators on one thread; about a second. `directory` takes the models' files."""
    call_s = _calls(identity(directory / "call.onnx", 4), (1, 4), repeats=15, calls=200)
    deep_s = _calls(chain(directory / "chain.onnx", _DEEP), (1, 4), repeats=15, calls=50)
    idle_s = sorted(call_s)[len(call_s) // 2]
    cache_bytes = last_cache_bytes() or DEFAULT_CACHE_BYTES
    cached_bytes = min(MOST_CACHED_BYTES, cache_bytes // 2)
    streamed_bytes = min(MOST_STREAMED_BYTES, max(LEAST_STREAMED_BYTES, 2 * cache_bytes))
    rates = _product_rates(directory, idle_s)
    return EngineSpeed(
        flops_per_s=measured(
            rates, "FLOP/s", f"fp32 MatMul of 16 to 128 rows by {_PRODUCT_WIDTH} x {_PRODUCT_WIDTH}, one thread"
        ),
        bandwidth_bytes_per_s=_reads(directory, streamed_bytes, idle_s),
        cached_bandwidth_bytes_per_s=_reads(directory, cached_bytes, idle_s),
        cached_bytes=cached_bytes,
        call_s=measured(call_s, "s", "a call of the engine with an Identity of 4 values"),
        operator_s=measured(
            [max(0.0, deep - idle_s) / (2 * _DEEP) for deep in deep_s], "s", f"a chain of {2 * _DEEP} operators on 4 values"
        ),
    )


def _product_rates(directory: Path, idle_s: float) -> Sequence[float]:
    model = product(directory / "product.onnx", _PRODUCT_WIDTH, _PRODUCT_WIDTH)
    rates: list[float] = []
    for rows in _PRODUCT_ROWS:
        times_s = _calls(model, (rows, _PRODUCT_WIDTH), repeats=10, calls=max(1, 256 // rows))
        rates += [net_rate(2 * rows * _PRODUCT_WIDTH**2, seconds, idle_s) for seconds in times_s]
    return rates


def _reads(directory: Path, weight_bytes: int, idle_s: float) -> Figure:
    """The rate at which one row is multiplied with a matrix of so many bytes: each weight is read once and used once."""
    width = int((weight_bytes / 4) ** 0.5)
    model = product(directory / f"read-{weight_bytes}.onnx", width, width)
    times_s = _calls(model, (1, width), repeats=20, calls=1)
    rates = [net_rate(4 * width * width, seconds, idle_s) for seconds in times_s]
    return measured(rates, "B/s", f"fp32 MatMul of one row by {width} x {width}, one thread")


def net_rate(work: float, seconds: float, idle_s: float) -> float:
    """Work a second, without the time of an empty call. That one may have met a pause: at least a tenth is the call's own."""
    return work / max(seconds - idle_s, seconds / 10, _TICK_S)


def _calls(model: Path, shape: tuple[int, ...], *, repeats: int, calls: int) -> Sequence[float]:
    """Seconds a call, once for each repeat of `calls` calls, after one repeat to warm up."""
    import numpy as np

    session = _open(model)
    inputs = {session.signature.inputs[0].name: np.ones(shape, np.float32)}
    times_s: list[float] = []
    for _ in range(repeats + 1):
        began_s = time.perf_counter()
        for _ in range(calls):
            session.run(inputs)
        times_s.append((time.perf_counter() - began_s) / calls)
    return times_s[1:]


def _open(model: Path) -> Session:
    from infractl.engines.engine import SessionOptions
    from infractl.engines.onnxruntime import open_session

    return open_session(model, SessionOptions(threads=1, spinning=False))
