"""The catalogue of chips: figures against what their makers' architecture says of them, and what is not known stays unknown."""

from __future__ import annotations

from itertools import pairwise

import pytest

from infractl.domain.figure import Basis, Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.precision import Precision
from infractl.domain.unknown import Unknown
from infractl.hardware.catalogue import chip, chips, families, processor

WIDEST_FIRST = (Precision.fp32, Precision.tf32, Precision.fp16, Precision.int8, Precision.fp4)


def known(peaks: object) -> Figure:
    assert isinstance(peaks, Figure)
    return peaks


def test_each_figure_names_source_date_and_confidence_and_is_an_estimate_around_its_value() -> None:
    for found in chips().values():
        figures = [
            f
            for f in (*found.peak_flops_per_s.values(), found.bandwidth_bytes_per_s, found.watts, found.link_bytes_per_s)
            if isinstance(f, Figure)
        ]
        assert figures, found.name
        for figure in figures:
            assert 0 < figure.low < figure.value < figure.high
            assert figure.basis is Basis.estimated
            assert "; read 20" in figure.source


def test_a_narrower_number_is_computed_no_slower() -> None:
    for found in chips().values():
        peaks = [p.value for each in WIDEST_FIRST if isinstance(p := found.peak_flops_per_s[each], Figure)]
        assert all(wide <= narrow for wide, narrow in pairwise(peaks)), found.name


def test_every_sort_of_accelerator_is_there() -> None:
    assert {found.hardware_class for found in chips().values()} == {
        HardwareClass.gpu,
        HardwareClass.tpu,
        HardwareClass.neuron,
        HardwareClass.edge,
    }


@pytest.mark.parametrize(
    ("name", "multiprocessors", "ghz", "operations"),
    [
        # Streaming multiprocessors, boost clock, and dense eight-bit operations of one a cycle, from NVIDIA's white papers.
        ("T4", 40, 1.59, 2048),
        ("A10", 72, 1.695, 2048),
        ("A100-SXM-80GB", 108, 1.41, 4096),
        ("L4", 58, 2.04, 2048),
        ("H100-SXM", 132, 1.83, 8192),
    ],
)
def test_eight_bit_peaks_are_units_times_clock(name: str, multiprocessors: int, ghz: float, operations: int) -> None:
    computed = multiprocessors * ghz * 1e9 * operations
    assert known(chip(name).peak_flops_per_s[Precision.int8]).value == pytest.approx(computed, rel=0.02)


def test_what_no_source_gives_is_unknown() -> None:
    assert isinstance(chip("TPU-v5e").peak_flops_per_s[Precision.fp32], Unknown)
    assert isinstance(chip("Inferentia2").watts, Unknown)
    assert isinstance(chip("T4").peak_flops_per_s[Precision.bf16], Unknown)


def test_a_recalled_figure_is_less_certain_than_a_backed_one() -> None:
    backed, recalled = (known(chip(name).bandwidth_bytes_per_s) for name in ("L4", "T4"))
    assert backed.high / backed.value < recalled.high / recalled.value


def test_an_unknown_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        chip("L5")
    with pytest.raises(KeyError):
        processor("z80", vcpus=1, ghz=0.0025)


def test_a_processor_computes_as_its_cores_clock_and_units_say() -> None:
    found = processor("x86-avx512-vnni", vcpus=8, ghz=3.5)
    # Two ports, each sixteen products and sums of fp32 a cycle, on four cores.
    assert known(found.peak_flops_per_s[Precision.fp32]).value == pytest.approx(4 * 3.5e9 * 2 * 16 * 2)
    assert found.cores == 4
    assert known(found.bandwidth_bytes_per_s).value == pytest.approx(204.8e9 / 8)
    assert found.family == "x86-avx512-vnni"


def test_a_share_of_a_core_computes_its_share() -> None:
    half, whole = (processor("x86-avx512", vcpus=vcpus, ghz=3.0) for vcpus in (1.0, 2.0))
    peaks = [known(found.peak_flops_per_s[Precision.fp32]).value for found in (half, whole)]
    assert peaks[1] == pytest.approx(2 * peaks[0])
    assert half.cores == whole.cores == 1


def test_every_family_of_processors_has_a_peak_and_a_bandwidth() -> None:
    for family in families():
        found = processor(family, vcpus=4, ghz=3.0)
        assert isinstance(found.peak_flops_per_s[Precision.fp32], Figure)
        assert isinstance(found.bandwidth_bytes_per_s, Figure)
