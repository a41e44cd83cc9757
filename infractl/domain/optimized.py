"""What `infractl optimize` reports of one model: on which data, where, and all that was tried."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.metric import Metric
from infractl.domain.optimization import Optimization, Tried


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsUsed:
    """How many rows each set has. Below `least` held-out rows nothing can be proven; None where no number would do.

    `likely` are those that prove a model without any drop with a power of 80% where it answers 2% of the rows otherwise.
    """

    calibration: int
    search: int
    held_out: int
    least: int | None
    likely: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimized:
    """`model` is the given file's path as it was written, `size_bytes` its own, `chip` what was timed on."""

    model: str
    size_bytes: int
    chip: str
    metric: Metric
    max_drop: float
    rows: RowsUsed
    optimization: Optimization

    @property
    def best(self) -> Tried | None:
        """The rung that is served; None where the model stays as it is given."""
        chosen = self.optimization.chosen
        return next((t for t in self.optimization.tried if t.artifact == chosen and t.refusal is None), None)

    @property
    def score(self) -> float | None:
        """The given model's metric on the held-out rows; None where nothing came so far as to be judged."""
        return next((t.accuracy.given for t in self.optimization.tried if t.accuracy is not None), None)

    def given_call_s(self, batch: int) -> float | None:
        """The given model's own time for a batch, as it ran beside the first candidate that was timed."""
        timed = next((t.latency for t in self.optimization.tried if t.latency is not None), None)
        if timed is None or batch not in timed.call_s:
            return None
        return timed.call_s[batch].value * timed.speedup[batch].value

    @property
    def batches(self) -> tuple[int, ...]:
        return next((tuple(t.latency.call_s) for t in self.optimization.tried if t.latency is not None), ())
