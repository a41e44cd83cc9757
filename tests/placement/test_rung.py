"""Ladders as data: by the sort of the model, the sort of the chip and its instructions; and what a document allows of them."""

from __future__ import annotations

import pytest

from infractl.domain.hardware_class import HardwareClass
from infractl.optimizer.quantization.settings import parse
from infractl.placement.allowed import allows, pruned_share
from infractl.placement.model_sort import ModelSort
from infractl.placement.rung import rungs
from infractl.spec.section.optimize import Optimize, Passes, Pruning, Quantization
from infractl.spec.section.optimize import Precision as Allowed

ZEN5 = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16")


def names(sort: ModelSort, instructions: tuple[str, ...] = ZEN5, optimize: Optimize | None = None) -> list[str]:
    found = rungs(sort, HardwareClass.cpu, instructions)
    return [r.name for r in found if optimize is None or allows(optimize, r)]


def test_a_ladder_goes_from_the_gentlest_rung_to_the_smallest_model() -> None:
    assert names(ModelSort.dense)[:2] == ["int8-dynamic", "prune-25%+int8-dynamic"]
    assert names(ModelSort.conv)[:2] == ["bf16-openvino", "int8-static"]
    shares = [pruned_share(r) for r in rungs(ModelSort.trees, HardwareClass.cpu, ZEN5)]
    assert shares == sorted(shares) and shares[0] > 0


def test_bf16_needs_instructions_for_it() -> None:
    assert "bf16-openvino" not in names(ModelSort.conv, ("avx2", "avx512f"))


@pytest.mark.parametrize(("instructions", "reduced"), [(("avx2",), True), (("avx2", "avx_vnni"), False), ((), False)])
def test_ranges_are_reduced_where_sums_would_saturate(instructions: tuple[str, ...], reduced: bool) -> None:
    (dynamic, *_) = rungs(ModelSort.dense, HardwareClass.cpu, instructions)

    assert dynamic.passes[0].settings.get("reduce_range", False) is reduced


def test_a_level_of_safe_keeps_to_half_precision() -> None:
    assert names(ModelSort.conv, optimize=Optimize(level="safe")) == ["bf16-openvino"]


def test_so_much_is_pruned_as_the_document_allows() -> None:
    quarter = Optimize(passes=Passes(pruning=Pruning(most=0.25)))

    assert names(ModelSort.dense, optimize=quarter) == ["int8-dynamic", "prune-25%+int8-dynamic"]
    assert "prune-75%+int8-dynamic" not in names(ModelSort.dense, optimize=Optimize())
    assert "prune-75%+int8-dynamic" in names(ModelSort.dense, optimize=Optimize(level="aggressive"))


def test_precisions_that_are_not_named_are_not_tried() -> None:
    only = Optimize(passes=Passes(quantization=Quantization(precisions=(Allowed.int8_static,))))

    assert names(ModelSort.dense, optimize=only) == []


def test_distillation_is_tried_where_it_is_asked_for() -> None:
    assert "distill" not in names(ModelSort.conv, optimize=Optimize())
    assert "distill" in names(ModelSort.conv, optimize=Optimize(passes=Passes(distillation="auto")))


@pytest.mark.parametrize("sort", ModelSort)
@pytest.mark.parametrize("hardware", HardwareClass)
def test_static_quantization_takes_the_settings_of_every_rung(sort: ModelSort, hardware: HardwareClass) -> None:
    steps = [step for r in rungs(sort, hardware, ("avx2",)) for step in r.passes]

    assert all(parse(step.settings) for step in steps if step.name == "int8-static")
