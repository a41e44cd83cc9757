"""Service times by data sheets, against rooflines worked out by hand, and against what they may not contradict."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from math import exp, log
from types import MappingProxyType

import pytest

from infractl.domain.chip import Chip
from infractl.domain.figure import Basis, Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.measurement import Measurements
from infractl.domain.polynomial import Polynomial
from infractl.domain.precision import Precision
from infractl.domain.profile import Execution, ModelProfile, OperatorCost, ProductCost
from infractl.domain.recipe import Recipe
from infractl.domain.unknown import Unknown
from infractl.domain.work import Family
from infractl.hardware.catalogue import chip, chips, families, processor
from infractl.hardware.efficiency import DesignEffect, Efficiency, efficiency, priors
from infractl.placement.service_time import End, ServiceTime
from infractl.placement.sheet import Sheet, sheet_of
from infractl.placement.speed import Speed, speed_of
from infractl.placement.work_table import at_batches
from infractl.tensors import Dtype, Signature, TensorSpec

NOTHING = Measurements(calibrations={})


def operator(family: Family, flops: float, weights: float, moved: float, name: str = "MatMul") -> OperatorCost:
    each = Polynomial({("batch",): flops}), Polynomial({("batch",): moved})
    return OperatorCost(
        name=name,
        operator=name,
        family=family,
        dtype=Dtype.float32,
        flops=each[0],
        weight_bytes=weights,
        activation_bytes=each[1],
    )


def model(*operators: OperatorCost) -> ModelProfile:
    batched = TensorSpec(name="x", dtype=Dtype.float32, shape=("batch",))
    weights = sum(o.weight_bytes for o in operators)
    return ModelProfile(
        format="onnx",
        digest="made",
        size_bytes=int(weights),
        signature=Signature(inputs=(batched,), outputs=(batched,)),
        batch="batch",
        parameters=0,
        weights_bytes=weights,
        given=Execution(operators=operators),
    )


def recipe(precision: Precision, engine: str = "tensorrt") -> Recipe:
    return Recipe(name=precision.value, dtype=precision, passes=(), engine=engine)


def speed(of: Chip, precision: Precision, engine: str = "tensorrt") -> Speed:
    found = speed_of(of, recipe(precision, engine), NOTHING)
    assert isinstance(found, Speed)
    return found


def service_time(of: Chip, precision: Precision, profile: ModelProfile, **more: int) -> ServiceTime:
    given = {"instances": 1, **more}
    return ServiceTime(profile=profile, speed=speed(of, precision), end=End.expected, **given)


def test_a_large_product_takes_its_operations_over_the_realised_peak() -> None:
    profile = model(operator(Family.product, flops=1e12, weights=1e6, moved=1e6))
    known = efficiency(chip("A100-SXM-80GB"), Precision.int8)
    assert isinstance(known, Efficiency)

    seconds = service_time(chip("A100-SXM-80GB"), Precision.int8, profile).seconds(8)

    assert seconds == pytest.approx(8e12 / (known.compute[Family.product] * 624e12) + known.launch_s + known.call_s)


def test_a_product_with_few_rows_takes_its_weights_over_the_realised_bandwidth() -> None:
    profile = model(operator(Family.product, flops=1e9, weights=4e9, moved=0.0))
    known = efficiency(chip("L4"), Precision.int8)
    assert isinstance(known, Efficiency)

    seconds = service_time(chip("L4"), Precision.int8, profile).seconds(1)

    # In the file there are four bytes for each of the weights, on the chip one.
    assert seconds == pytest.approx(1e9 / (known.memory * 300e9) + known.launch_s + known.call_s, rel=1e-3)


def test_what_is_done_element_by_element_costs_an_accelerator_nothing_of_its_own_and_a_processor_its_traffic() -> None:
    product = operator(Family.product, flops=1e9, weights=1e6, moved=1e6)
    beside = operator(Family.elementwise, flops=1e6, weights=0.0, moved=1e9, name="Relu")

    gpu = [service_time(chip("T4"), Precision.fp16, model(*each)).seconds(1) for each in ((product,), (product, beside))]
    core = processor("x86-avx512-vnni", vcpus=2, ghz=3.0)
    cpu = [service_time(core, Precision.fp32, model(*each)).seconds(1) for each in ((product,), (product, beside))]

    assert gpu[0] == gpu[1]
    assert cpu[1] > cpu[0] + 1e9 / 204.8e9


def test_a_tpu_computes_for_the_next_power_of_two() -> None:
    profile = model(operator(Family.product, flops=1e11, weights=1e6, moved=1e6))

    table = service_time(chip("TPU-v5e"), Precision.bf16, profile).table(9)

    assert table[4] == table[5] == table[6] == table[7] < table[8]
    assert table[0] < table[1] < table[2] == table[3]


def test_a_table_agrees_with_single_batches_between_which_it_interpolates() -> None:
    profile = model(operator(Family.convolution, flops=1e9, weights=1e6, moved=1e7, name="Conv"))
    on_a_gpu = service_time(chip("A10"), Precision.int8, profile)

    assert on_a_gpu.table(32)[31] == pytest.approx(on_a_gpu.seconds(32))
    assert all(short <= long for short, long in pairwise(on_a_gpu.table(32)))


def test_fewer_threads_have_their_share_of_a_processor() -> None:
    profile = model(operator(Family.product, flops=1e12, weights=1e6, moved=1e6))
    machine = processor("x86-avx512-vnni", vcpus=16, ghz=3.0)

    alone, eight = (service_time(machine, Precision.fp32, profile, threads=threads).seconds(1) for threads in (1, 8))

    assert alone == pytest.approx(8 * eight, rel=1e-3)


def test_the_share_of_a_processor_that_a_function_has_decides_how_fast_it_is() -> None:
    profile = model(operator(Family.product, flops=1e12, weights=1e6, moved=1e6))

    small, large = (service_time(processor("x86-avx2", vcpus=v, ghz=2.5), Precision.fp32, profile).seconds(1) for v in (0.5, 2.0))

    assert small == pytest.approx(4 * large, rel=1e-3)


def test_a_processor_is_one_whether_it_stands_there_or_is_paid_by_the_call() -> None:
    standing = processor("x86-avx2", vcpus=2, ghz=2.5)

    assert efficiency(replace(standing, hardware_class=HardwareClass.serverless), Precision.fp32) == efficiency(
        standing, Precision.fp32
    )


def test_a_chip_with_less_power_for_each_operation_realises_less_of_its_peak_by_the_cube_root() -> None:
    known = replace(priors(), power=1 / 3, designs=MappingProxyType({}), vendors=MappingProxyType({}), most=10.0)
    lean, rich = (efficiency(watts(chip("A10"), each), Precision.int8, known) for each in (80.0, 640.0))
    assert isinstance(lean, Efficiency) and isinstance(rich, Efficiency)

    assert rich.compute[Family.product] == pytest.approx(2 * lean.compute[Family.product])


def watts(of: Chip, value: float) -> Chip:
    return replace(of, watts=Figure(value=value, unit="W", low=value, high=value, basis=Basis.estimated, source="made up"))


def test_no_chip_realises_more_than_it_has() -> None:
    for name, precision in (("P4", Precision.fp32), ("P100-PCIe-16GB", Precision.fp16), ("Apple-ANE-M1", Precision.fp16)):
        found = efficiency(chip(name), precision)
        assert isinstance(found, Efficiency)
        assert max(found.compute.values()) <= priors().most + 1e-12


def test_the_interval_of_a_design_that_nobody_measured_is_wider_and_that_of_an_uncertain_peak_too() -> None:
    seen, sibling, stranger, uncertain = (
        speed(chip(name), Precision.int8).engine_error for name in ("A10", "B200-SXM", "MI300X", "A10G")
    )

    assert width(seen) < width(sibling) < width(stranger)
    assert width(seen) < width(uncertain)
    # Eight in ten of a normal distribution lie within 1.2816 standard deviations.
    assert width(seen) == pytest.approx(2 * 1.2816 * spread_of("A10"))


def width(error: tuple[float, float]) -> float:
    return log(error[1] / error[0])


def spread_of(name: str) -> float:
    found = efficiency(chip(name), Precision.int8)
    assert isinstance(found, Efficiency)
    return found.spread


def test_the_ends_of_a_service_time_are_those_of_its_speed() -> None:
    profile = model(operator(Family.product, flops=1e12, weights=1e6, moved=1e6))
    known = speed(chip("MI300X"), Precision.int8)

    low, expected, high = (
        ServiceTime(profile=profile, speed=known, instances=1, end=end).seconds(4) for end in (End.low, End.expected, End.high)
    )

    assert (low / expected, high / expected) == pytest.approx(known.engine_error)
    assert known.basis is Basis.estimated


def test_an_engine_that_nobody_submitted_with_may_be_slower_and_not_faster() -> None:
    tuned, other = (speed(chip("L4"), Precision.fp16, engine).engine_error for engine in ("tensorrt", "onnxruntime"))

    assert other[0] == tuned[0]
    assert other[1] > tuned[1]


@pytest.mark.parametrize(
    "found", [*chips().values(), *(processor(f, vcpus=4, ghz=3.0) for f in families())], ids=lambda c: c.name
)
def test_every_chip_of_the_catalogue_computes_at_some_precision_and_no_faster_than_its_peak(found: Chip) -> None:
    profile = model(operator(Family.product, flops=1e11, weights=1e6, moved=1e5))
    known = [p for p, peak in found.peak_flops_per_s.items() if isinstance(peak, Figure)]
    assert known
    for precision in known:
        peak = found.peak_flops_per_s[precision]
        assert isinstance(peak, Figure)
        times = service_time(found, precision, profile, threads=max(1, found.cores)).table(8)
        assert times[7] > 8e11 / peak.value
        assert all(short <= long for short, long in pairwise(times))
        low, high = speed(found, precision).engine_error
        assert 0.3 < low < 1 < high < 4


def test_a_precision_without_a_peak_is_unknown_and_says_of_which_chip() -> None:
    found = speed_of(chip("T4"), recipe(Precision.fp8), NOTHING)

    assert isinstance(found, Unknown)
    assert "T4" in found.why and "FP8" in found.why


def test_what_a_processor_computes_in_fp32_follows_its_vector_units_and_not_its_matrix_unit() -> None:
    effects = {"x86-amx": DesignEffect(compute=-1.0), "x86-avx512-vnni": DesignEffect(compute=0.5)}
    known = replace(priors(), designs=effects, vendors={})
    with_amx, without = (
        efficiency(processor(family, vcpus=8, ghz=3.0), Precision.fp32, known) for family in ("x86-amx", "x86-avx512-vnni")
    )
    narrow = efficiency(processor("x86-amx", vcpus=8, ghz=3.0), Precision.int8, known)

    assert isinstance(with_amx, Efficiency) and isinstance(without, Efficiency) and isinstance(narrow, Efficiency)
    assert with_amx.compute == without.compute
    assert with_amx.compute[Family.product] == pytest.approx(exp(1.5) * narrow.compute[Family.product])


def test_groups_of_few_channels_leave_most_of_a_matrix_unit_idle() -> None:
    # 3 x 3 of 4 channels to 4, 32 times, is as many operations as one product of 36 by 128.
    few, many = (
        replace(operator(Family.convolution, flops=1e12, weights=1e3, moved=1e3, name="Conv"), product=product)
        for product in (sizes(32, 36, 4), sizes(1, 36, 128))
    )
    sheet = sheet_of(chip("A100-SXM-80GB"), Precision.int8)
    assert isinstance(sheet, Sheet)

    apart, together = (
        float(sheet.operator_s(each, at_batches([each], [1], "batch", {}))[0]) - sheet.efficiency.launch_s for each in (few, many)
    )

    # A tile has 16 columns; of both, the depth of 36 fills two of 32.
    assert apart == pytest.approx(16 / 4 * together, rel=1e-6)


def sizes(count: int, depth: int, columns: int) -> ProductCost:
    constant = [Polynomial({(): float(each)}) for each in (count, depth, columns)]
    return ProductCost(count=constant[0], rows=Polynomial({("batch",): 1.0}), depth=constant[1], columns=constant[2])


def test_a_sheet_knows_no_more_operators_than_the_graph_has() -> None:
    product = operator(Family.product, flops=1e9, weights=1e6, moved=1e6)
    folded = operator(Family.reduction, flops=1e6, weights=0.0, moved=1e6, name="BatchNormalization")
    sheet = sheet_of(chip("T4"), Precision.fp16)

    assert isinstance(sheet, Sheet)
    assert sheet.runs(model(product, folded)) == (product,)
