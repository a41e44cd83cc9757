"""The page on placement says of language models what was fitted and how far it is off."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks.placement.language_fit import PRIORS, LeftOut, left_out
from benchmarks.placement.language_row import rows
from benchmarks.placement.language_terms import terms
from infractl.placement.language.fitted import FITTED

PAGE = (Path(__file__).parents[2] / "docs" / "concepts" / "placement.md").read_text()
CELLS = [line.strip("| ").split(" | ") for line in PAGE.splitlines() if line.startswith("| ")]
MEASURED = rows()


@pytest.fixture(scope="module")
def folds() -> dict[str, LeftOut]:
    of = terms(MEASURED)
    return {fold.name: fold for by in ("chip", "model") for fold in left_out(MEASURED, of, by)}


def row(first: str) -> list[str]:
    return next(cells for cells in CELLS if cells[0].startswith(first))


@pytest.mark.parametrize(
    ("first", "constant", "value"),
    [
        ("share of the memory", "memory", FITTED.memory),
        ("share of the peak at 16 bits", "compute", FITTED.compute),
        ("what is kept", "narrowing", FITTED.narrowing),
        ("share of the link", "link", FITTED.link),
        ("fixed time of a layer", "layer_s", FITTED.layer_s * 1e6),
        ("time of an all-reduce", "all_reduce_s", FITTED.all_reduce_s * 1e6),
        ("vLLM over", "vllm", FITTED.engines["vllm"]),
    ],
)
def test_each_constant_is_told_with_what_was_known_before(first: str, constant: str, value: float) -> None:
    _, found, before = row(first)
    known, apart = PRIORS[constant]
    scale = 1e6 if constant.endswith("_s") else 1.0

    assert float(found.split()[0]) == pytest.approx(value, rel=0.02)
    assert [float(n) for n in re.findall(r"[\d.]+", before)] == pytest.approx([known * scale, apart * 100])


@pytest.mark.parametrize(
    ("first", "name"),
    [
        ("B200", "B200-SXM"),
        ("H100", "H100-SXM"),
        ("Llama-3.1-70B", "Llama-3.1-70B"),
        ("Llama-3.1-8B", "Llama-3.1-8B-Instruct"),
        ("gpt-oss-120b", "gpt-oss-120b"),
    ],
)
def test_each_error_is_told_as_it_is_found(first: str, name: str, folds: dict[str, LeftOut]) -> None:
    _, count, error, held = row(first)
    fold = folds[name]
    ratio = fold.measured_s / fold.predicted_s
    low, high = fold.interval

    assert int(count) == len(fold.rows)
    assert float(error.rstrip("%")) == pytest.approx(100 * np.median(np.abs(1 / ratio - 1)), abs=0.2)
    assert float(held.rstrip("%")) == pytest.approx(100 * ((ratio >= low) & (ratio <= high)).mean(), abs=1)


@pytest.mark.parametrize(("first", "name"), [("B200", "B200-SXM"), ("H100", "H100-SXM")])
def test_each_precision_is_told_as_it_is_found(first: str, name: str, folds: dict[str, LeftOut]) -> None:
    fold = folds[name]
    off = np.abs(fold.predicted_s / fold.measured_s - 1)

    for precision, told in re.findall(r"(bf16|fp8|fp4) ([\d.]+)%", row(first)[0]):
        chosen = np.array([each.precision.name == precision for each in fold.rows])
        assert float(told) == pytest.approx(100 * np.median(off[chosen]), abs=0.2)


def test_the_interval_that_is_shipped_is_told() -> None:
    low, high = re.findall(r"shipped as ([\d.]+) to ([\d.]+) times", PAGE)[0]

    assert (float(low), float(high)) == pytest.approx(FITTED.error, abs=0.006)
