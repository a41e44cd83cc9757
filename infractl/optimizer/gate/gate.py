"""What a candidate has to prove."""

from __future__ import annotations

from dataclasses import dataclass, replace

from infractl.domain.metric import Metric
from infractl.optimizer.gate.power import least_agreement_rows
from infractl.optimizer.gate.tango import least_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """`metric` may be at most `max_drop` worse than the given model's: in points, for errors as a share of the given model's.

    And not below `minimum` (above `maximum`, for errors), which is proven as the drop is. `alpha` is the probability with which
    a candidate that is worse than that may pass. `k` is top-k's. `output` names the output that is judged, where a model has
    several that could be meant.
    """

    metric: Metric = Metric.accuracy
    k: int = 5
    max_drop: float = 0.01
    minimum: float | None = None
    maximum: float | None = None
    alpha: float = 0.05
    output: str | None = None

    @property
    def confidence(self) -> float:
        return 1 - self.alpha

    @property
    def least_rows(self) -> int | None:
        """Rows below which nothing passes, not even the given model itself; None where no number is enough."""
        least = least_agreement_rows if self.metric is Metric.agreement else least_rows
        return least(self.max_drop, self.alpha)

    def divided(self, walks: int) -> Gate:
        """The gate for each of several walks, of which any may choose a candidate: together they err as often as one."""
        return replace(self, alpha=self.alpha / walks)
