"""Scores the shipped efficiencies on rows that they were not fitted to: `python -m benchmarks.placement.held_back FILE`.

The file has the columns of `data/mlperf-calibration.csv`. What `data/mlperf.yaml` does not name is told of, not scored.
"""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median

from benchmarks.placement.fit import BATCHES, seconds
from benchmarks.placement.fold import Scored
from benchmarks.placement.mlperf import results
from infractl.hardware.efficiency import Efficiency, efficiency, priors


def scored(path: Path) -> list[Scored]:
    """Every cell of the file in a scenario that is computed."""
    found, cells = results(path), []
    for key, measured_s in found.cells.items():
        chip = found.chips[key.chip]
        known = efficiency(chip, key.precision)
        if key.scenario not in BATCHES or not isinstance(known, Efficiency):
            continue
        cells.append(
            Scored(
                key=key,
                family=chip.family,
                measured_s=measured_s,
                predicted_s=seconds(key, chip, priors()),
                spread=known.spread,
                naive_s=None,
            )
        )
    return cells


def tell(path: Path) -> None:
    cells = scored(path)
    for each in cells:
        key, inside = each.key, "inside" if each.inside else "OUTSIDE"
        cell = f"{key.chip:28} {key.model:12} {key.precision:5} {key.scenario:13}"
        print(f"{cell} predicted {each.predicted_s / each.measured_s:5.2f} times the seconds  {inside}")
    for why, rows in sorted(results(path).left_out.items()):
        print(f"{rows:4} rows  {why}")
    print(f"{len(cells)} cells: median error {median(e.error for e in cells):.1%}, in the 80% interval {_share(cells):.0%}")


def _share(cells: list[Scored]) -> float:
    return sum(each.inside for each in cells) / len(cells)


if __name__ == "__main__":
    tell(Path(sys.argv[1]))
