"""The shipped constants beside measurements that they were not fitted to: `python -m benchmarks.placement.language_check FILE`.

FILE has the columns of `benchmarks/data/llm-calibration.csv`. A model needs a folder with its config.json in
`benchmarks/data/models`, named as it is in small letters. Rows of others, and of chips that nobody knows, are counted alone.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.placement.language_row import Row, profile_of, rows
from infractl.domain.figure import Figure
from infractl.hardware.catalogue import chip
from infractl.placement.language.case import Case, case
from infractl.placement.language.clients import tpot_of_clients


@dataclass(frozen=True, slots=True)
class Checked:
    """A row with its predicted time per token."""

    row: Row
    predicted: Figure

    @property
    def off(self) -> float:
        return abs(self.predicted.value / self.row.tpot_s - 1)

    @property
    def held(self) -> bool:
        return self.predicted.low <= self.row.tpot_s <= self.predicted.high


def checked(measured: Sequence[Row]) -> Iterator[Checked]:
    """Those that could run, by what is computed."""
    for row in measured:
        model, on = profile_of(row.model), chip(row.chip)
        found = case(model, on, row.chips, row.precision, prompt=row.prompt, output=row.output, engine=row.engine)
        if isinstance(found, Case):
            yield Checked(row, tpot_of_clients(found, row.clients))


def main(path: Path) -> None:
    found = list(checked(rows(path)))
    groups: dict[str, list[Checked]] = defaultdict(list)
    for each in found:
        groups[f"{each.row.chip} {each.row.model} {each.row.precision.name} {each.row.engine}"].append(each)
    for name, group in sorted(groups.items()):
        print(_told(name, group))
    if found:
        print(_told("all", found))
    with path.open(encoding="utf-8", newline="") as file:
        print(f"{sum(1 for _ in csv.DictReader(file)) - len(found)} rows left out")


def _told(name: str, group: Sequence[Checked]) -> str:
    ratio = median(each.predicted.value / each.row.tpot_s for each in group)
    held = sum(each.held for each in group) / len(group)
    off = median(each.off for each in group)
    return f"{name:48} {len(group):4} rows  median error {off:5.1%}  predicted/measured {ratio:4.2f}  {held:4.0%} in the interval"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
