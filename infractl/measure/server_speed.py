"""What the server adds to the engine: measured over loopback with a model that computes nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from infractl.clock import Clock
from infractl.domain.figure import Basis, Figure
from infractl.measure.load import LoadResult, post_request, run_apart, run_load
from infractl.measure.model import identity, product
from infractl.measure.server import SERVICE, RunningServer, running_server
from infractl.measure.spread import measured, quantile

JOINED = 8
"""The batch cap with which the joined rate is measured: half of the connections, so that a batch can gather while one runs."""

CONNECTIONS = 16
_FEW_VALUES = 4
_MANY_VALUES = 1024
_TURNS = 5
_BLOCK_REQUESTS = 800
_BLOCK_S = 0.15
_PAUSE_S = 0.004
_APART_REQUESTS = 50
_BUSY_CLIENT = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSpeed:
    request_s: Figure
    value_s: Figure
    requests_per_s: Figure
    joined_per_s: Figure


def measure_server(directory: Path, clock: Clock, call_s: float) -> ServerSpeed:
    """Start a server and load it, about four seconds. `call_s` is the engine's own part, which is taken off."""
    small = identity(directory / "small.onnx", _FEW_VALUES)
    large = product(directory / "large.onnx", _MANY_VALUES, _FEW_VALUES)
    blocks: defaultdict[str, list[LoadResult]] = defaultdict(list)
    with running_server(directory, clock) as server:
        single = server.load(small, max_batch=1)
        joined = server.load(small, max_batch=JOINED)
        wide = server.load(large, max_batch=1)
        # In turn, so that what else the machine does meets them all; the first turn warms up.
        for turn in range(_TURNS + 1):
            results = {
                "apart": _apart(server, single),
                "alone": _block(server, single, _FEW_VALUES, connections=1),
                "wide": _block(server, wide, _MANY_VALUES, connections=1),
                "single": _block(server, single, _FEW_VALUES, connections=CONNECTIONS),
                "joined": _block(server, joined, _FEW_VALUES, connections=CONNECTIONS),
            }
            for name, result in results.items() if turn else ():
                blocks[name].append(result)
    return ServerSpeed(
        request_s=_request_s(blocks["apart"], blocks["alone"], call_s),
        value_s=_value_s(blocks["alone"], blocks["wide"]),
        requests_per_s=_rate(blocks["single"], "one a call"),
        joined_per_s=_rate(blocks["joined"], f"up to {JOINED} a call"),
    )


def _apart(server: RunningServer, release: str) -> LoadResult:
    server.activate(release)
    request = post_request(f"/v2/models/{SERVICE}/infer", server.address[0], _body(_FEW_VALUES))
    return run_apart(server.address, request, pause_s=_PAUSE_S, count=_APART_REQUESTS)


def _block(server: RunningServer, release: str, values: int, *, connections: int) -> LoadResult:
    server.activate(release)
    request = post_request(f"/v2/models/{SERVICE}/infer", server.address[0], _body(values))
    most = _BLOCK_REQUESTS if connections == 1 else _BLOCK_REQUESTS * 25
    return run_load(server.address, request, connections=connections, seconds=_BLOCK_S, most=most)


def _body(values: int) -> bytes:
    """A request of numbers with as many digits as an fp32 value has."""
    numbers = [[round(((7 * index) % 1000 - 500) / 137, 7) for index in range(values)]]
    tensor = {"name": "x", "shape": [1, values], "datatype": "FP32", "data": numbers}
    return json.dumps({"inputs": [tensor]}).encode()


def _request_s(apart: Sequence[LoadResult], alone: Sequence[LoadResult], call_s: float) -> Figure:
    """Requests with pauses between them find everybody asleep, as requests of ordinary traffic do: that is the value.

    Low is of requests one right after another; high is the p99, which a predicted p99 must hold, of a quieter block.
    """

    def over(blocks: Sequence[LoadResult], share: float, block_share: float) -> float:
        return max(0.0, quantile([quantile(b.latencies_s, share) for b in blocks], block_share) - call_s)

    middle = over(apart, 0.5, 0.5)
    return Figure(
        value=middle,
        unit="s",
        low=min(over(alone, 0.05, 0.5), middle),
        high=max(over(apart, 0.99, 0.25), middle),
        basis=Basis.measured,
        source=f"an Identity of {_FEW_VALUES} values over one connection, a request each {_PAUSE_S * 1000:g} ms: p50 and p99, "
        "and at least the p5 without pauses, less the engine's call",
    )


def _value_s(few: Sequence[LoadResult], many: Sequence[LoadResult]) -> Figure:
    """From the request alone: to read a number costs more than to write one, so that wide answers are predicted too slow."""
    added = _MANY_VALUES - _FEW_VALUES
    pairs = zip(few, many, strict=True)
    slopes = [max(0.0, median(wide.latencies_s) - median(narrow.latencies_s)) / added for narrow, wide in pairs]
    return measured(slopes, "s", f"a request of {_MANY_VALUES} values against one of {_FEW_VALUES}, over one connection")


def _rate(blocks: Sequence[LoadResult], how: str) -> Figure:
    source = f"an Identity of {_FEW_VALUES} values over {CONNECTIONS} connections, {how}"
    if median(block.busy_share for block in blocks) > _BUSY_CLIENT:
        source += "; a floor, because the client was as busy as the server"
    return measured([block.per_s for block in blocks], "1/s", source)
