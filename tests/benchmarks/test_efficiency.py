"""The shipped efficiencies are what the published rows give, and the rows are read as it is said."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from math import isclose, nan
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from benchmarks.architectures.bert import bert
from benchmarks.architectures.resnet50 import RESNET50
from benchmarks.models.transformer import Encoder
from benchmarks.placement.capacity import capacity
from benchmarks.placement.fit import fit, seconds
from benchmarks.placement.fit_efficiency import FILE, before, document, fitted
from benchmarks.placement.mlperf import OFFLINE, ROWS, Key, chip_of, names, results
from benchmarks.placement.model import LAYERS, TOKENS, grown, profiles
from infractl.domain.precision import Precision
from infractl.domain.profile import OperatorCost
from infractl.domain.work import Family
from infractl.profile.onnx import profile_onnx

FIELDS = ("model", "hardware", "count", "precision", "scenario", "metric", "value", "round", "p50_ms")


def test_the_shipped_efficiencies_are_those_that_the_fit_gives() -> None:
    assert off(yaml.safe_load(FILE.read_text()), document(fitted().priors)) == []


def off(shipped: Any, made: Any, at: str = "") -> list[str]:
    """Where the two differ by more than what another processor's arithmetic may."""
    if isinstance(shipped, Mapping) and isinstance(made, Mapping):
        return [found for key in {*shipped, *made} for found in off(shipped.get(key, nan), made.get(key, nan), f"{at}.{key}")]
    if isinstance(shipped, float) and isinstance(made, float):
        return [] if isclose(shipped, made, rel_tol=0.01, abs_tol=1e-3) else [f"{at}: {shipped} and {made}"]
    return [] if shipped == made else [f"{at}: {shipped} and {made}"]


def test_a_chip_that_was_left_out_is_predicted() -> None:
    found = results()
    key = Key(chip="A30", model="resnet50", precision=Precision.int8, scenario=OFFLINE)
    rest = {other: value for other, value in found.cells.items() if other.chip != "A30"}

    predicted_s = seconds(key, found.chips["A30"], fit(rest, found.chips, before()).priors)

    assert predicted_s == pytest.approx(found.cells[key], rel=0.25)


def test_every_row_is_used_or_has_a_reason() -> None:
    with ROWS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    found = results()

    assert len(found.rows) + sum(found.left_out.values()) == len(rows)
    assert all(row["source"].startswith("mlcommons/") for row in rows)


def test_every_chip_of_the_table_of_names_is_in_the_catalogue() -> None:
    for hardware in (*names()["chips"], *names()["processors"]):
        assert chip_of(hardware).family


def test_rates_are_of_one_chip_and_cells_are_medians(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    rows = [
        ("resnet50", "NVIDIA A30", "8", "int8", "Offline", "samples/s", "160000", "v3.0", "1"),
        ("resnet50", "NVIDIA A30", "1", "int8", "Offline", "samples/s", "25000", "v3.0", "1"),
        ("resnet50", "NVIDIA A30", "1", "int8", "Offline", "samples/s", "21000", "v2.1", "1"),
        ("resnet50", "NVIDIA A30", "1", "int8", "SingleStream", "latency_p90_ms", "0.5", "v3.0", "0.48"),
        ("resnet50", "NVIDIA A30", "1", "unknown", "Offline", "samples/s", "1", "v3.0", "1"),
        ("bert-99.9", "NVIDIA H100-PCIe-80GB", "1", "fp16", "Offline", "samples/s", "4900", "v3.0", "1"),
        ("resnet50", "Abacus", "1", "int8", "Offline", "samples/s", "1", "v3.0", "1"),
    ]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([FIELDS, *rows])

    found = results(path)

    cells = {(key.chip, key.precision, key.scenario): value for key, value in found.cells.items()}
    assert cells == pytest.approx(
        {
            ("A30", Precision.int8, "Offline"): 1 / 21000,
            ("A30", Precision.int8, "SingleStream"): 0.48e-3,
            ("H100-PCIe", Precision.fp8, "Offline"): 1 / 4900,
        }
    )
    assert sum(found.left_out.values()) == 2


def test_the_models_cost_what_was_published() -> None:
    resnet, large = (profiles()[name].given.operators for name in ("resnet50", "bert_large"))
    convolved = sum(o.flops.at({"batch": 1.0}) for o in resnet if o.family in (Family.convolution, Family.product))
    # Devlin et al., 2018: 24 layers of 1024; a layer's products are 12 matrices of that size, and attention's two for each pair.
    by_layer = 2 * TOKENS * 12 * 1024**2 + 4 * TOKENS**2 * 1024
    multiplied = sum(o.flops.at({"batch": 1.0}) for o in large if o.family is Family.product)

    assert convolved == pytest.approx(2 * RESNET50.macs, rel=0.01)
    assert multiplied == pytest.approx(LAYERS * by_layer, rel=0.001)


def test_layers_are_added_to_a_model_as_if_it_had_been_made_with_them(tmp_path: Path) -> None:
    one, two, four = (made(tmp_path, layers) for layers in (1, 2, 4))

    assert sorted(map(told, grown(one, two, 4))) == sorted(map(told, four))


def made(folder: Path, layers: int) -> tuple[OperatorCost, ...]:
    path = folder / f"{layers}.onnx"
    path.write_bytes(bert(Encoder(layers=layers, width=32, heads=2, words=50, longest=64)).SerializeToString())
    return profile_onnx(path, folder).given.operators


def told(operator: OperatorCost) -> tuple[str, float, float]:
    sizes = {"batch": 3.0, "sequence": 7.0}
    return (operator.operator, operator.flops.at(sizes), operator.activation_bytes.at(sizes))


def test_a_capacity_keeps_its_limit_and_a_larger_one_would_not() -> None:
    limit_s, overhead_s, item_s = 0.015, 0.4e-3, 0.1e-3

    found = capacity(lambda batch: overhead_s + item_s * batch, limit_s)

    # The server is busy when there is work; what waits, up to any number, goes with the next batch.
    assert simulated_p99(found, overhead_s, item_s) <= 1.05 * limit_s
    assert simulated_p99(1.06 * found, overhead_s, item_s) > 1.05 * limit_s
    assert found < 1 / item_s


def simulated_p99(rate: float, overhead_s: float, item_s: float, requests: int = 60_000) -> float:
    random = Random(7)
    now, arrivals = 0.0, []
    for _ in range(requests):
        now += random.expovariate(rate)
        arrivals.append(now)
    latencies, free, index = [], 0.0, 0
    while index < requests:
        begins = max(free, arrivals[index])
        last = index
        while last < requests and arrivals[last] <= begins and last - index < 128:
            last += 1
        free = begins + overhead_s + item_s * (last - index)
        latencies += [free - arrived for arrived in arrivals[index:last]]
        index = last
    return sorted(latencies)[int(0.99 * requests)]


def test_nothing_keeps_a_limit_that_is_shorter_than_one_request() -> None:
    assert capacity(lambda batch: 0.2 * batch, 0.1) == 0.0
