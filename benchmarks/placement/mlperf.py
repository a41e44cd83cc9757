"""Results of MLPerf Inference as cells: what one chip did with one model at one precision in one scenario.

How rows become cells: a rate is divided by the number of chips; a latency is the median one, since the p90 of BERT is that of
long questions; a cell is the median over submitters, rounds and numbers of chips. Left out are rows of a chip without a peak in
the catalogue, of a precision that is mixed or that nobody states, and of models that no profile describes. `data/mlperf.yaml` has
the names, and says where a row's precision is not the one that it states.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from infractl.domain.chip import Chip
from infractl.domain.precision import Precision
from infractl.hardware.catalogue import chip, processor

DATA = Path(__file__).parents[1] / "data"
ROWS = DATA / "mlperf-calibration.csv"

OFFLINE, SERVER, SINGLE, MULTI = "Offline", "Server", "SingleStream", "MultiStream"
MULTI_STREAM = 8
"""Items of one query there."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Key:
    """`model` is the profile's name."""

    chip: str
    model: str
    precision: Precision
    scenario: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One result. `value` is a rate of one chip for Offline and Server, and the median seconds of a query for the others."""

    key: Key
    hardware: str
    round: str
    value: float
    slo_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Usable rows, the chips that they are of, and why the others are not usable, each reason with its number of rows."""

    rows: tuple[Row, ...]
    chips: Mapping[str, Chip]
    left_out: Mapping[str, int]

    @property
    def cells(self) -> Mapping[Key, float]:
        """Seconds for an item, for Offline and Server; for a query in the others."""
        found: dict[Key, list[float]] = defaultdict(list)
        for row in self.rows:
            found[row.key].append(row.value)
        return {
            key: 1 / median(values) if key.scenario in (OFFLINE, SERVER) else median(values)
            for key, values in sorted(found.items())
        }


@cache
def names() -> Mapping[str, Any]:
    """`data/mlperf.yaml`."""
    found: Mapping[str, Any] = yaml.safe_load((DATA / "mlperf.yaml").read_text())
    return found


def results(path: Path = ROWS) -> Results:
    """Of a file with the columns of `ROWS`."""
    rows: list[Row] = []
    chips: dict[str, Chip] = {}
    left_out: dict[str, int] = defaultdict(int)
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            found, why = _row(line)
            if found is None:
                left_out[why] += 1
                continue
            rows.append(found)
            chips[found.key.chip] = chip_of(line["hardware"])
    return Results(rows=tuple(rows), chips=chips, left_out=left_out)


def _row(line: Mapping[str, str]) -> tuple[Row | None, str]:
    known = names()
    model = known["models"].get(line["model"], "no profile of it")
    if isinstance(model, str):
        return None, f"{line['model']}: {model}"
    if line["hardware"] not in known["chips"] | known["processors"]:
        return None, f"{line['hardware']}: {known['without_peak']}"
    precision = known["precisions"].get(_precision(line))
    if precision is None:
        return None, f"{line['model']}: its precision is {line['precision']}"
    scenario, per_chip = line["scenario"], line["metric"] in ("samples/s", "queries/s")
    value = float(line["value"]) / int(line["count"]) if per_chip else float(line["p50_ms"]) / 1e3
    key = Key(chip=chip_of(line["hardware"]).name, model=model["profile"], precision=Precision(precision), scenario=scenario)
    return Row(key=key, hardware=line["hardware"], round=line["round"], value=value, slo_s=model["slo_s"]), ""


def _precision(line: Mapping[str, str]) -> str:
    for entry in names()["relabelled"]:
        said = (chip_of(line["hardware"]).family, line["model"], line["precision"])
        if said == (entry["family"], entry["model"], entry["precision"]):
            return str(entry["as"])
    return line["precision"]


def chip_of(hardware: str) -> Chip:
    """By MLPerf's name. Raises KeyError."""
    known = names()
    if hardware in known["chips"]:
        return chip(known["chips"][hardware])
    return processor(**known["processors"][hardware])
