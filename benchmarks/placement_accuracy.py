"""Predictions for chips that nobody calibrated, from data sheets alone, come close to what MLPerf Inference measured on them.

Rows of v2.1 and v3.0 (ResNet-50 and BERT-large) are predicted by a fit that has not seen them: once with all rows of their chip
left out, once with all of their model. How rows become cells is in `placement/mlperf.py`, what is fitted in `placement/fit.py`.
Figures are medians over chips; errors are of rates, as shares of the measured one.

- Offline: `resnet50_int8_left_out_median_error` and the like, beside the peak times one efficiency for all (`naive`).
- Intervals: how many held-out cells, of Offline, SingleStream and MultiStream, lie within the 80% interval. Honest is 0.7 to 0.9.
- Capacity: the rate at which the p99 is MLPerf Server's limit (ResNet-50 15 ms, BERT 130 ms). `capacity_at_slo` is by service
  times that were measured in the same round (SingleStream, Offline), so that it is the queue that is tested; `end_to_end` by the
  data sheet, the chip left out.

How language models answer is judged in `placement/llm_accuracy.py`, whose figures follow.

A cell is null where no other chip (or model) has its precision. What is not compared, and why, is printed at the end.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from statistics import median

import numpy as np

from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from benchmarks.placement.capacity import Capacity, end_to_end, from_measured
from benchmarks.placement.fold import Folds, Scored, left_out
from benchmarks.placement.llm_accuracy import figures as language_figures
from benchmarks.placement.mlperf import OFFLINE, Results, results
from infractl.domain.precision import Precision

GOALS = {("resnet50", Precision.int8): "<= 0.1", ("bert_large", Precision.int8): "<= 0.14"}
SHORT = {"resnet50": "resnet50", "bert_large": "bert"}


def measure(quick: bool) -> Iterator[Figure]:
    found = results()
    chips = left_out(found, lambda key: key.chip)
    models = left_out(found, lambda key: key.model)
    _tell("one chip left out, by model", chips.scored, lambda each: (each.key.model, each.key.precision, each.key.scenario))
    _tell(
        "one chip left out, by family of chips", chips.scored, lambda each: (each.family, each.key.precision, each.key.scenario)
    )
    _tell("one model left out, by model", models.scored, lambda each: (each.key.model, each.key.precision, each.key.scenario))
    yield from _throughput(chips)
    yield from _of_models(models)
    yield from _intervals(chips.scored, models.scored)
    yield from _capacity("capacity_at_slo", list(from_measured(found)), "<= 0.15", "<= 0.35")
    yield from _capacity("capacity_end_to_end", list(end_to_end(found, chips)), "", "")
    _tell_rest(found, chips, models)
    yield from language_figures(quick)


def _throughput(folds: Folds) -> Iterator[Figure]:
    for (model, precision), goal in GOALS.items():
        cells = [
            each
            for each in folds.scored
            if (each.key.model, each.key.precision, each.key.scenario) == (model, precision, OFFLINE)
        ]
        name = f"{SHORT[model]}_{precision.name}_left_out"
        yield Figure(name=f"{name}_median_error", value=median(each.error for each in cells), unit="share", goal=goal)
        yield Figure(name=f"{name}_p90_error", value=_p90(each.error for each in cells), unit="share")
        yield Figure(name=f"{name}_naive_median_error", value=median(each.naive_error or 0.0 for each in cells), unit="share")


def _of_models(folds: Folds) -> Iterator[Figure]:
    for model, short in SHORT.items():
        errors = [each.error for each in folds.scored if (each.key.model, each.key.scenario) == (model, OFFLINE)]
        yield Figure(name=f"{short}_model_left_out_median_error", value=median(errors), unit="share")


def _intervals(chips: Sequence[Scored], models: Sequence[Scored]) -> Iterator[Figure]:
    for name, scored in (("interval80", chips), ("interval80_model_left_out", models)):
        yield Figure(
            name=f"{name}_coverage", value=sum(each.inside for each in scored) / len(scored), unit="share", goal=">= 0.7"
        )
        yield Figure(name=f"{name}_median_width", value=median(each.width for each in scored), unit="ratio", goal="<= 2.5")


def _capacity(name: str, cells: Sequence[Capacity], goal: str, p90_goal: str) -> Iterator[Figure]:
    print(f"\n{name}: predicted over measured")
    for cell in cells:
        what = f"{cell.key.chip} {cell.key.model} {cell.key.precision} {cell.round}"
        print(f"  {what:52} {cell.predicted:10.0f} /s {cell.measured:10.0f} /s   {cell.predicted / cell.measured:.2f}")
    yield Figure(name=f"{name}_median_error", value=median(cell.error for cell in cells), unit="share", goal=goal)
    yield Figure(name=f"{name}_p90_error", value=_p90(cell.error for cell in cells), unit="share", goal=p90_goal)


def _tell(title: str, scored: Sequence[Scored], part: Callable[[Scored], tuple[str, ...]]) -> None:
    groups: dict[tuple[str, ...], list[Scored]] = defaultdict(list)
    for each in scored:
        groups[part(each)].append(each)
    print(f"\n{title:52} cells  median   p90    naive median   p90")
    for name, cells in sorted(groups.items()):
        errors, naive = [each.error for each in cells], [each.naive_error for each in cells if each.naive_error is not None]
        beside = f"{median(naive):12.1%} {_p90(naive):7.1%}" if naive else ""
        print(f"  {' '.join(name):50} {len(cells):5} {median(errors):7.1%} {_p90(errors):7.1%} {beside}")


def _tell_rest(found: Results, chips: Folds, models: Folds) -> None:
    print("\nnull, since nothing that is left has the precision:")
    for what, folds in (("chip", chips), ("model", models)):
        for key in folds.null:
            print(f"  {what} left out: {key.chip} {key.model} {key.precision} {key.scenario}")
    print("\nnot compared:")
    for why, rows in sorted(found.left_out.items()):
        print(f"  {rows:3} rows  {why}")
    print()


def _p90(errors: Iterable[float]) -> float:
    return float(np.quantile(list(errors), 0.9))


if __name__ == "__main__":
    start(measure, __doc__, ("numpy",))
