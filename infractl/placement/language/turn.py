"""A server of a language model at one shape of request: how long a batch takes, what it carries, and how many run at a rate.

Continuous batching (Orca, OSDI 2022) with prompts read in chunks between the tokens (Sarathi-Serve, OSDI 2024): each request
costs its prompt once, and a share of `output - 1` steps.
"""

from __future__ import annotations

from dataclasses import dataclass

from infractl.placement.language.room import Room
from infractl.placement.language.speed import LanguageSpeed, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """`limit` sequences run at once at most, half way through their output on average. A step reads `chunk` tokens of prompts.

    A prompt adds `prompt_s` to the steps that it is read in; a step with prompts alone takes `weights_s` at least. `request_s`
    goes by before and after the chip's work on a request, until its first token is seen.
    """

    step: Step
    prompt: int
    output: int
    limit: int
    prompt_s: float
    weights_s: float
    chunk: int
    request_s: float = 0.0

    @classmethod
    def of(cls, speed: LanguageSpeed, room: Room, prompt: int, output: int, request_s: float = 0.0) -> Turn:
        return cls(
            step=speed.step(prompt + output // 2),
            prompt=prompt,
            output=output,
            limit=room.sequences,
            prompt_s=speed.prompt_s(prompt),
            weights_s=speed.factor * speed.read_s(prompt),
            chunk=room.step_tokens,
            request_s=request_s,
        )

    def step_s(self, batch: int) -> float:
        """A step that makes a token of each of `batch` sequences; of none it is what every step takes."""
        return self.step.seconds(batch) if batch else self.step.factor * self.step.fixed_s

    def tpot_s(self, batch: int) -> float:
        """Between two tokens of one of `batch` sequences: a step, and the prompts of the others that are read in the meantime."""
        return self.step_s(batch) + self.prompt_s * (batch - 1) / self.output

    def cycle_s(self, batch: int) -> float:
        """How long one of `batch` requests holds its place: the step that reads its prompt beside the others, and the rest."""
        others = batch - 1 if self.output > 1 else 0
        return self.step_s(others) + (self.output - 1) * self.step_s(batch) + batch * self.prompt_s

    def rate_per_s(self, batch: int) -> float:
        """Requests that are finished while `batch` are being served, by Little's law."""
        return batch / self.cycle_s(batch)

    def capacity_per_s(self) -> float:
        """The largest rate at which the queue stays stable."""
        return self.rate_per_s(self.limit)

    def running(self, rate_per_s: float) -> float:
        """The sequences that run at a time on average; at most `limit`.

        The fixed point of Little's law, `b = rate x cycle(b)`: by bisection, as more at once never serve less in a second.
        """
        first = self.rate_per_s(1)
        if rate_per_s <= first:
            return rate_per_s / first
        if rate_per_s >= self.capacity_per_s():
            return float(self.limit)
        low, high = 1, self.limit
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.rate_per_s(middle) < rate_per_s else (low, middle)
        below, above = self.rate_per_s(low), self.rate_per_s(high)
        return low + (rate_per_s - below) / (above - below) if above > below else float(high)
