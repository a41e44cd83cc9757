"""The rules of MLPerf Inference for its four scenarios, and which of them a run does not meet. No run here is an MLPerf result.

Sources, both of MLCommons: the table of scenarios in inference_rules.adoc (repository inference_policies) for durations,
samples in a query, the percentile and Offline's 24,576 samples; loadgen/mlperf.conf (repository inference) for min_duration,
600000 ms in all four scenarios, and MultiStream's samples_per_query and min_query_count; the appendix on early stopping in the
rules for the fewest queries that can show a percentile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, log

from infractl.domain.bench import Scenario

SAMPLES_PER_QUERY = 8
"""Of MultiStream."""

OFFLINE_SAMPLES = 24_576

_EARLY_STOPPING_CONFIDENCE = 0.99
"""`c` of the appendix on early stopping, with the tolerance `d` of 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a scenario asks for. `percentile` is reported; `least_queries` (Offline: samples) must be processed at least."""

    seconds: float
    percentile: float | None
    least_queries: int


def least_queries(percentile: float) -> int:
    """With one query over the limit, as single and multi-stream need: h other ones with I(p; h, 2) <= 1 - c, and that one.

    With none, p ** h <= 1 - c, as the server scenario may stop with; the former is taken.
    """
    share = percentile / 100
    count = ceil(log(1 - _EARLY_STOPPING_CONFIDENCE) / log(share))
    while share ** (count + 1) + (count + 1) * (1 - share) * share**count > 1 - _EARLY_STOPPING_CONFIDENCE:
        count += 1
    return count + 1


RULES: Mapping[Scenario, Rule] = {
    Scenario.single_stream: Rule(seconds=600.0, percentile=90.0, least_queries=least_queries(90.0)),
    Scenario.multi_stream: Rule(seconds=600.0, percentile=99.0, least_queries=least_queries(99.0)),
    Scenario.server: Rule(seconds=600.0, percentile=99.0, least_queries=least_queries(99.0)),
    Scenario.offline: Rule(seconds=600.0, percentile=None, least_queries=OFFLINE_SAMPLES),
}


def unmet(scenario: Scenario, *, seconds: float, queries: int, errors: int) -> tuple[str, ...] | None:
    """The rules that a run of so many `seconds` and `queries` (Offline: samples) broke, in words; None for other scenarios."""
    rule = RULES.get(scenario)
    if rule is None:
        return None
    counted = "samples" if scenario is Scenario.offline else "queries"
    found = []
    if seconds < rule.seconds:
        found.append(f"at least {rule.seconds:g}s, and it ran {seconds:.3g}s")
    if queries < rule.least_queries:
        found.append(f"at least {rule.least_queries:,} {counted}, and it had {queries:,}")
    if errors:
        found.append(f"no query without an answer, and {errors:,} had none")
    found.append("MLPerf's LoadGen with one of its models and data sets")
    return tuple(found)
