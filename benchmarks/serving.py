"""The server answers at least ten times what MLServer 1.7 does, and adds at most half a millisecond to the engine's call.

A network of 30-256-256-256-2 with one item a request, every request another, on the same cores with the same load tool: ours and
MLServer in the best of several configurations, both with validation and metrics on, answers compared with ONNX Runtime's. No
cache. Rounds in turn, medians of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from benchmarks.peer.environment import MISSING, installed, installed_version
from benchmarks.peer.infractl import MAX_BATCH, SERVICE, infractl
from benchmarks.peer.job import INPUT, NAME, OUTPUT, WIDTHS, Job, make_job, open_session
from benchmarks.peer.mlserver import CONFIGURATIONS, Configuration, mlserver
from benchmarks.peer.process import Address, post
from infractl.measure.load import LoadError, LoadResult, run_load

CONNECTIONS = (1, 8, 32)
ROUNDS = 5
BUSY = 0.9
_TOLERANCE = 1e-4
_NEAR_ZERO = 1e-6
_BARE_CALLS = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One that is measured, and the requests that it understands."""

    name: str
    address: Address
    requests: Sequence[bytes]

    def load(self, connections: int, seconds: float) -> LoadResult:
        first, *others = self.requests
        return run_load(self.address, first, others=others, connections=connections, seconds=seconds, most=10**9)


Rounds = Mapping[tuple[str, int], Sequence[LoadResult]]


def measure(quick: bool) -> Iterator[Figure]:
    seconds = 0.8 if quick else 3.0
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        job = make_job(folder)
        commands = installed("mlserver")
        best = _best_configuration(commands, job, folder, seconds) if commands else None
        servers = [
            Server(name="infractl", address=stack.enter_context(infractl(job, folder / "o")), requests=job.requests(SERVICE))
        ]
        if commands and best:
            address = stack.enter_context(mlserver(commands, best, job, folder / "m"))
            servers.append(Server(name="mlserver", address=address, requests=job.requests(NAME)))
        for server in servers:
            _check_answers(server, job)
        bare_s, rounds = _rounds(servers, job, seconds)
    _tell(rounds, best)
    yield from _goals(rounds, bare_s)
    yield from _plain(rounds, bare_s)
    yield from _peer(best)


def _best_configuration(commands: Path, job: Job, folder: Path, seconds: float) -> Configuration:
    """The one with the most requests a second over the most connections. Each is tried once, on its own."""
    rates: dict[Configuration, float] = {}
    for number, configuration in enumerate(CONFIGURATIONS):
        try:
            with mlserver(commands, configuration, job, folder / f"trial-{number}") as address:
                server = Server(name="mlserver", address=address, requests=job.requests(NAME))
                server.load(CONNECTIONS[-1], seconds / 2)
                rates[configuration] = server.load(CONNECTIONS[-1], seconds).per_s
        except (RuntimeError, LoadError, OSError) as error:
            print(f"MLServer, {configuration}: it does not work: {str(error)[-300:]}", flush=True)
        else:
            print(
                f"MLServer, {configuration}: {rates[configuration]:,.0f} requests/s at {CONNECTIONS[-1]} connections", flush=True
            )
    return max(rates, key=lambda configuration: rates[configuration])


def _check_answers(server: Server, job: Job) -> None:
    """Every request once, as many at a time as there are connections, so that batches are checked as well."""
    path = f"/v2/models/{SERVICE if server.name == 'infractl' else NAME}/infer"
    with ThreadPoolExecutor(CONNECTIONS[-1]) as pool:
        answers = list(pool.map(lambda body: post(server.address, path, body), job.bodies()))
    assert {status for status, _ in answers} == {200}, "a request failed"
    outputs = [json.loads(body)["outputs"][0] for _, body in answers]
    assert {output["name"] for output in outputs} == {OUTPUT}
    found = np.array([output["data"] for output in outputs], np.float32).reshape(job.expected.shape)
    np.testing.assert_allclose(found, job.expected, rtol=_TOLERANCE, atol=_NEAR_ZERO)
    print(f"{server.name}: {len(outputs)} answers are ONNX Runtime's within {_TOLERANCE:g}", flush=True)


def _rounds(servers: Sequence[Server], job: Job, seconds: float) -> tuple[float, Rounds]:
    """The bare call's p50, and each server's results by name and connections. The round before the first warms up."""
    bare_s: list[float] = []
    found: dict[tuple[str, int], list[LoadResult]] = {(s.name, c): [] for s in servers for c in CONNECTIONS}
    for round_number in range(ROUNDS + 1):
        calls_s = _bare(job)
        results = {(s.name, c): s.load(c, seconds if round_number else 0.3) for c in CONNECTIONS for s in servers}
        if round_number:
            bare_s.append(median(calls_s))
            for key, result in results.items():
                found[key].append(result)
    return median(bare_s), found


def _bare(job: Job) -> list[float]:
    """Seconds of each call of ONNX Runtime in a loop, with arrays that are there already."""
    session = open_session(job.model)
    times_s = []
    for number in range(_BARE_CALLS):
        item = job.items[number % len(job.items)]
        began_s = time.perf_counter()
        session.run([OUTPUT], {INPUT: item})
        times_s.append(time.perf_counter() - began_s)
    return times_s[_BARE_CALLS // 10 :]


def _tell(rounds: Rounds, best: Configuration | None) -> None:
    print(f"a network of {'-'.join(map(str, WIDTHS))}; ours: one session of one thread, batches up to {MAX_BATCH}")
    print(f"MLServer {installed_version('mlserver', 'mlserver')}, best: {best}" if best else f"no MLServer: {MISSING}")
    for (name, connections), results in rounds.items():
        busy = median(result.busy_share for result in results)
        bottleneck = "; THE LOAD TOOL IS THE BOTTLENECK: the rate is a floor" if busy > BUSY else ""
        print(
            f"{name:9} {connections:3} connections {_rate(results):8,.0f} requests/s"
            f"   p50 {_quantile(results, 50) * 1e6:6.0f} us   p99 {_quantile(results, 99) * 1e6:6.0f} us"
            f"   load tool busy {busy:.0%}{bottleneck}"
        )


def _goals(rounds: Rounds, bare_s: float) -> Iterator[Figure]:
    most = CONNECTIONS[-1]
    peer = rounds.get(("mlserver", most))
    ratio = _rate(rounds["infractl", most]) / _rate(peer) if peer else None
    yield Figure(name="rps_c32_vs_mlserver", value=ratio, unit="ratio", goal=">= 10", why="" if peer else MISSING)
    over_ms = (_quantile(rounds["infractl", 1], 50) - bare_s) * 1000
    yield Figure(name="p50_over_onnxruntime_ms", value=over_ms, unit="ms", goal="<= 0.5")


def _plain(rounds: Rounds, bare_s: float) -> Iterator[Figure]:
    yield Figure(name="onnxruntime_call_p50", value=bare_s, unit="s")
    for name in ("infractl", "mlserver"):
        for connections in CONNECTIONS:
            results = rounds.get((name, connections))
            why = "" if results else MISSING
            rate = _rate(results) if results else None
            yield Figure(name=f"{name}_rps_c{connections}", value=rate, unit="requests/s", why=why)
            for percent in (50, 99):
                value = _quantile(results, percent) if results else None
                yield Figure(name=f"{name}_p{percent}_c{connections}", value=value, unit="s", why=why)
    busiest = max(median(r.busy_share for r in rounds["infractl", connections]) for connections in CONNECTIONS)
    yield Figure(name="load_tool_busy_share", value=busiest, unit="ratio", goal=f"<= {BUSY}")


def _peer(best: Configuration | None) -> Iterator[Figure]:
    """MLServer's best configuration, in numbers."""
    why = "" if best else MISSING
    yield Figure(name="mlserver_best_parallel_workers", value=best.workers if best else None, unit="processes", why=why)
    yield Figure(name="mlserver_best_batch", value=best.batch if best else None, unit="requests", why=why)


def _rate(results: Sequence[LoadResult]) -> float:
    return median(result.per_s for result in results)


def _quantile(results: Sequence[LoadResult], percent: int) -> float:
    """The median over the rounds of each round's percentile."""
    return median(float(np.percentile(result.latencies_s, percent)) for result in results)


if __name__ == "__main__":
    start(measure, __doc__, ("onnxruntime", "numpy"))
