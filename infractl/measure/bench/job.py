"""What a load process is told and what it tells: plain values, and their form on the pipe between the two processes."""

from __future__ import annotations

import json
from array import array
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import IO, Any

from infractl.measure.bench.arrival import Arrivals


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where requests go: an Open Inference Protocol URL, taken apart."""

    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    """Requests that are due at given times, whether or not earlier ones are answered, over at most `connections`.

    A request without an answer after `timeout_s` has failed. What is due longer than `give_up_s` and was not sent, because all
    connections are taken, ends the run: the service does not keep up with the rate.
    """

    arrivals: Arrivals
    rate_per_s: float
    seconds: float
    seed: int
    connections: int
    timeout_s: float
    give_up_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedJob:
    """`streams` clients, each of which sends its next query as soon as it has the answer to its last.

    A query is `group` requests at once; it is answered when all of them are. The run takes `seconds`, or until `least` queries
    are answered, but no longer than `most_s`, and ends after `most` queries.
    """

    streams: int
    seconds: float
    timeout_s: float
    most_s: float
    group: int = 1
    least: int = 0
    most: int = 1_000_000


Job = OpenJob | ClosedJob


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What became of each query, in the order in which they were begun; times are seconds from the start of the run.

    `began_s` is when it was due (open) or sent (closed), `done_s` when its whole answer was there, infinite where it failed or
    was never sent. `late_s`: how long after its due time the client sent each request for which a connection was free.
    `waited` others found every connection taken; that wait is the service's. `cpu_s` is the load process' own computing time.
    `stopped` says why the run ended before its time, `gone` that nobody listens any more.
    """

    began_s: array[float]
    done_s: array[float]
    late_s: array[float]
    waited: int
    unsent: int
    errors: int
    first_error: str
    elapsed_s: float
    cpu_s: float
    stopped: str
    gone: str

    @property
    def busy_share(self) -> float:
        """The share of one core that the client took."""
        return self.cpu_s / self.elapsed_s if self.elapsed_s > 0 else 0.0


def write_task(pipe: IO[bytes], address: Address, job: Job, bodies: Sequence[bytes]) -> None:
    head = {"address": asdict(address), "kind": type(job).__name__, "job": asdict(job), "sizes": [len(body) for body in bodies]}
    pipe.write(json.dumps(head).encode() + b"\n")
    for body in bodies:
        pipe.write(body)
    pipe.flush()


def read_task(pipe: IO[bytes]) -> tuple[Address, Job, list[bytes]]:
    """Raises ValueError where it ends early."""
    head = json.loads(pipe.readline())
    bodies = [pipe.read(size) for size in head["sizes"]]
    given = head["job"]
    if head["kind"] == OpenJob.__name__:
        return Address(**head["address"]), OpenJob(**{**given, "arrivals": Arrivals(given["arrivals"])}), bodies
    return Address(**head["address"]), ClosedJob(**given), bodies


_TIMES = ("began_s", "done_s", "late_s")


def write_load(pipe: IO[bytes], load: Load) -> None:
    plain = {name: getattr(load, name) for name in load.__slots__ if name not in _TIMES}
    times = {name: len(getattr(load, name)) for name in _TIMES}
    pipe.write(json.dumps({"plain": plain, "times": times}).encode() + b"\n")
    for name in _TIMES:
        pipe.write(getattr(load, name).tobytes())
    pipe.flush()


def read_load(pipe: IO[bytes]) -> Load:
    """Raises ValueError where the other process ended before it had told all."""
    head = json.loads(pipe.readline())
    times: dict[str, Any] = {}
    for name, count in head["times"].items():
        values = array("d")
        values.frombytes(pipe.read(count * values.itemsize))
        if len(values) != count:
            raise ValueError(f"{name} has {len(values)} of {count} values")
        times[name] = values
    return Load(**head["plain"], **times)
