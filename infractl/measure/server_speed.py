"""What the server adds to the engine: measured over loopback with a model that computes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from infractl.clock import Clock
from infractl.domain.figure import Basis, Figure
from infractl.measure.load import LoadResult, post_request, run_load
from infractl.measure.model import identity
from infractl.measure.server import SERVICE, RunningServer, running_server
from infractl.measure.spread import measured, quantile

JOINED = 8
"""The batch cap with which the joined rate is measured: half of the connections, so that a batch can gather while one runs."""

CONNECTIONS = 16
_FEW_VALUES = 4
_MANY_VALUES = 1024
_BLOCKS = 5
_BLOCK_REQUESTS = 200
_BLOCK_S = 0.15
_BUSY_CLIENT = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSpeed:
    request_s: Figure
    value_s: Figure
    requests_per_s: Figure
    joined_per_s: Figure


def measure_server(directory: Path, clock: Clock, call_s: float) -> ServerSpeed:
    """Start a server and load it, about three seconds. `call_s` is the engine's own part, which is taken off."""
    small, large = identity(directory / "small.onnx", _FEW_VALUES), identity(directory / "large.onnx", _MANY_VALUES)
    with running_server(directory, clock) as server:
        server.serve(small, max_batch=1)
        _blocks(server, _FEW_VALUES, connections=1, blocks=1)
        alone = _blocks(server, _FEW_VALUES, connections=1)
        crowd = _blocks(server, _FEW_VALUES, connections=CONNECTIONS)
        server.serve(small, max_batch=JOINED)
        joined = _blocks(server, _FEW_VALUES, connections=CONNECTIONS)
        server.serve(large, max_batch=1)
        wide = _blocks(server, _MANY_VALUES, connections=1)
    return ServerSpeed(
        request_s=_request_s(alone, call_s),
        value_s=_value_s(alone, wide),
        requests_per_s=_rate(crowd, "one a call"),
        joined_per_s=_rate(joined, f"up to {JOINED} a call"),
    )


def _blocks(server: RunningServer, values: int, *, connections: int, blocks: int = _BLOCKS) -> Sequence[LoadResult]:
    request = post_request(f"/v2/models/{SERVICE}/infer", server.address[0], _body(values))
    most = _BLOCK_REQUESTS if connections == 1 else 10**9
    return [run_load(server.address, request, connections=connections, seconds=_BLOCK_S, most=most) for _ in range(blocks)]


def _body(values: int) -> bytes:
    """A request of numbers with as many digits as an fp32 value has."""
    numbers = [[round(((7 * index) % 1000 - 500) / 137, 7) for index in range(values)]]
    tensor = {"name": "x", "shape": [1, values], "datatype": "FP32", "data": numbers}
    return json.dumps({"inputs": [tensor]}).encode()


def _request_s(blocks: Sequence[LoadResult], call_s: float) -> Figure:
    """Low and high are percentiles of single requests, since a predicted p99 must hold them; the blocks' median each."""
    low, middle, high = (
        max(0.0, median(quantile(block.latencies_s, share) for block in blocks) - call_s) for share in (0.05, 0.5, 0.99)
    )
    source = f"an Identity of {_FEW_VALUES} values over one connection, p5, p50 and p99, less the engine's call"
    return Figure(value=middle, unit="s", low=low, high=high, basis=Basis.measured, source=source)


def _value_s(few: Sequence[LoadResult], many: Sequence[LoadResult]) -> Figure:
    """Each value is counted once in the request and once in the answer."""
    added = 2 * (_MANY_VALUES - _FEW_VALUES)
    base_s = median(quantile(block.latencies_s, 0.5) for block in few)
    slopes = [max(0.0, quantile(block.latencies_s, 0.5) - base_s) / added for block in many]
    return measured(slopes, "s", f"an Identity of {_MANY_VALUES} values against one of {_FEW_VALUES}, per value in and out")


def _rate(blocks: Sequence[LoadResult], how: str) -> Figure:
    source = f"an Identity of {_FEW_VALUES} values over {CONNECTIONS} connections, {how}"
    if median(block.busy_share for block in blocks) > _BUSY_CLIENT:
        source += "; a floor, because the client was as busy as the server"
    return measured([block.per_s for block in blocks], "1/s", source)
