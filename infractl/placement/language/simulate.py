"""The queue of a language model's server, one event after the other: arrivals, steps with prompts in them, last tokens.

No closed form gives the tail of the time to first token: a prompt waits for the step that runs, for prompts before it, and for
a free sequence. Between two events all steps are alike, so that they are taken at once.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """`step_s[b]` takes a step with b sequences, `step_s[0]` what is fixed of one. A prompt adds `prompt_s`.

    It is read in pieces of `chunk` tokens a step at most; a step of prompts alone takes no less than `weights_s` beside what is
    fixed. As many sequences as `step_s` has beyond the first run at once.
    """

    step_s: Sequence[float]
    prompt_s: float
    weights_s: float
    prompt: int
    output: int
    chunk: int

    @property
    def limit(self) -> int:
        return len(self.step_s) - 1


@dataclass(frozen=True, slots=True)
class Served:
    """Of each request, in the order of first tokens: seconds to the first token, per token after it, and to the last."""

    ttft_s: list[float] = field(default_factory=list)
    tpot_s: list[float] = field(default_factory=list)
    latency_s: list[float] = field(default_factory=list)


@lru_cache(maxsize=8)
def gaps(count: int, seed: int) -> tuple[float, ...]:
    """Times between Poisson arrivals at one a second. The same for all candidates, so that they differ by themselves alone."""
    draw = Random(seed)
    return tuple(draw.expovariate(1.0) for _ in range(count))


def simulate(server: Server, rate_per_s: float, requests: int, seed: int = 0, skipped: int = 0) -> Served:
    """Serves Poisson arrivals at `rate_per_s`, first come, first served; tells of all but the first `skipped`."""
    run = _Run(server, [gap / rate_per_s for gap in gaps(requests, seed)], skipped)
    while run.left:
        run.advance()
    return run.served


def simulate_clients(server: Server, clients: int, requests: int) -> Served:
    """Serves `clients` that begin at once, each of which sends its next request as soon as the last one is answered."""
    run = _Run(server, [0.0] * clients, 0, again=True)
    run.left = requests
    while run.left > 0:
        run.advance()
    return run.served


class _Run:
    """The state between two events. `reading` holds arrival and tokens left, `running` the last step, first token and arrival."""

    def __init__(self, server: Server, between_s: list[float], skipped: int, again: bool = False) -> None:
        self.server, self.skipped, self.left, self.again = server, skipped, len(between_s), again
        self.now_s, self.steps = 0.0, 0
        self.waiting: deque[float] = deque()
        at = 0.0
        for gap in between_s:
            at += gap
            self.waiting.append(at)
        self.reading: deque[list[float]] = deque()
        self.running: deque[tuple[int, float, float]] = deque()
        self.served = Served()

    def advance(self) -> None:
        """To the next event: the end of a step that reads, of steps up to an arrival or a last token, or an arrival."""
        self._admit()
        if self.reading:
            self._read()
        elif self.running:
            self._decode()
        else:
            self.now_s = self.waiting[0]

    def _admit(self) -> None:
        free = self.server.limit - len(self.running) - len(self.reading)
        while free and self.waiting and self.waiting[0] <= self.now_s:
            self.reading.append([self.waiting.popleft(), self.server.prompt])
            free -= 1

    def _read(self) -> None:
        """One step: a token for each that runs, and as many tokens of prompts as it has room for."""
        server, batch = self.server, len(self.running)
        room: float = max(1, server.chunk - batch)
        read, done = 0.0, []
        while room and self.reading:
            first = self.reading[0]
            taken = min(room, first[1])
            first[1] -= taken
            room -= taken
            read += taken
            if not first[1]:
                done.append(self.reading.popleft()[0])
        reading_s = server.prompt_s * read / server.prompt
        self.now_s += server.step_s[batch] + (reading_s if batch else max(reading_s, server.weights_s))
        self.steps += 1
        self._finish()
        for arrival in done:
            if server.output == 1:
                self._tell(self.now_s, arrival)
            else:
                self.running.append((self.steps + server.output - 1, self.now_s, arrival))

    def _decode(self) -> None:
        """Steps without a prompt, up to the next last token or to an arrival that can be let in."""
        batch = len(self.running)
        each_s, steps = self.server.step_s[batch], self.running[0][0] - self.steps
        if self.waiting and batch < self.server.limit:
            steps = min(steps, max(1, math.ceil((self.waiting[0] - self.now_s) / each_s)))
        self.now_s += steps * each_s
        self.steps += steps
        self._finish()

    def _finish(self) -> None:
        while self.running and self.running[0][0] <= self.steps:
            _, first_s, arrival = self.running.popleft()
            self._tell(first_s, arrival)

    def _tell(self, first_s: float, arrival: float) -> None:
        self.left -= 1
        if self.again:
            self.waiting.append(self.now_s)
        if self.skipped:
            self.skipped -= 1
            return
        self.served.ttft_s.append(first_s - arrival)
        self.served.latency_s.append(self.now_s - arrival)
        if self.server.output > 1:
            self.served.tpot_s.append((self.now_s - first_s) / (self.server.output - 1))
