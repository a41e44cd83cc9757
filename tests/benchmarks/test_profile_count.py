"""The comparison with onnx-tool: what is counted, against a count by hand; without onnx-tool nothing is claimed."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from benchmarks import profile_count
from benchmarks.architectures.architecture import Architecture
from benchmarks.models.network import new_network
from benchmarks.peer.environment import MISSING, installed
from benchmarks.peer.onnx_tool import Tally, tally
from benchmarks.profile_count import Counts, off, ours, theirs
from infractl.profile.onnx import profile_onnx

SIZES = {"batch": 3}
PARAMETERS = 8 * 3 * 9 + 4 * 8 + 8 * 5 + 5
MACS = 3 * (6 * 6 * 8 * 3 * 9 + 8 * 5)
BY_HAND = Counts(parameters=PARAMETERS, macs=MACS, flops=2 * MACS + 3 * 5 + 3 * 6 * 6 * 8)


def small() -> onnx.ModelProto:
    """A convolution of 3 to 8 channels over images of 6 x 6, its normalization, Relu, mean, and a product to 5 classes."""
    network = new_network(0)
    last = network.add("Relu", network.convolution(network.input("image", "batch", 3, 6, 6), 3, 8))
    pooled = network.add("Flatten", network.add("GlobalAveragePool", last))
    network.output("scores", network.dense(pooled, 8, 5), "batch", 5)
    return network.model("small")


SMALL = Architecture(name="small", make=small, parameters=PARAMETERS, macs=MACS / 3, published_at={"batch": 1}, further=SIZES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "small.onnx"
    file.write_bytes(small().SerializeToString())
    return file


def test_the_profile_counts_what_a_count_by_hand_gives(path: Path) -> None:
    assert ours(profile_onnx(path, path.parent), SIZES) == BY_HAND


def test_of_onnx_tools_counts_the_biases_are_no_multiply_accumulates() -> None:
    counted = Tally(parameters=7, macs={"Gemm": 110, "MatMul": 40, "Relu": 5, "Softmax": 900}, biased={"Gemm": 10})

    assert theirs(counted) == Counts(parameters=7, macs=140, flops=2 * 140 + 10 + 5)


@pytest.mark.skipif(installed("onnx_tool") is None, reason=MISSING)
def test_onnx_tool_counts_what_a_count_by_hand_gives(path: Path) -> None:
    commands = installed("onnx_tool")

    assert commands
    assert theirs(tally(commands, path, SIZES)) == BY_HAND


@pytest.mark.parametrize(("mine", "other"), [(102.0, 100.0), (100.0, 102.0)])
def test_too_many_is_as_wrong_as_too_few(mine: float, other: float) -> None:
    assert off(mine, other) == pytest.approx(1.02)


def test_without_onnx_tool_its_figures_are_absent_and_say_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_count, "installed", lambda name: None)
    monkeypatch.setattr(profile_count, "ARCHITECTURES", (SMALL,))
    monkeypatch.setenv("INFRACTL_CACHE", "replaced by the benchmark, and put back behind it")

    figures = {figure.name: figure for figure in profile_count.measure(quick=True)}

    absent = {name for name, figure in figures.items() if figure.value is None}
    assert absent == {"small_parameters", "small_macs", "small_flops", "worst_ratio", "as_printed_worst_ratio"}
    assert {figures[name].why for name in absent} == {MISSING}
    assert figures["published_worst_ratio"].value == pytest.approx(1.0)
    assert 0 < (figures["not_compared_worst_share"].value or 0) < 0.2
