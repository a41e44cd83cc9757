"""What a precision means on a chip: what is refused, what is unpacked, and how many bytes it takes."""

from __future__ import annotations

import pytest

from infractl.domain.language_model import ElementSizes
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision
from infractl.hardware.catalogue import chip
from infractl.placement.language.storage import Storage, storage


def stored(model: LanguageProfile, name: str, precision: Precision) -> Storage:
    found = storage(model.model, chip(name), precision)
    assert isinstance(found, Storage), found
    return found


@pytest.mark.parametrize(
    ("name", "precision"),
    [
        ("A100-SXM-80GB", Precision.fp8),
        ("T4", Precision.bf16),
        ("TPU-v5e", Precision.fp8),
        ("TPU-v5e", Precision.int4),
        ("V100-SXM2", Precision.fp4),
    ],
)
def test_what_a_chip_lacks_is_refused(name: str, precision: Precision, llama: LanguageProfile) -> None:
    refused = storage(llama.model, chip(name), precision)

    assert isinstance(refused, Violation) and refused.code == "precision-unsupported"
    assert refused.need == precision.value and name in str(refused.have)


def test_four_bits_are_unpacked_to_sixteen_on_a_gpu_that_has_no_unit_for_them(llama: LanguageProfile) -> None:
    unpacked = stored(llama, "H100-SXM", Precision.fp4)

    assert unpacked.compute is Precision.bf16 and unpacked.flops_per_s.value == 989e12


def test_four_bits_are_computed_where_there_is_a_unit_for_them(llama: LanguageProfile) -> None:
    assert stored(llama, "B200-SXM", Precision.fp4).compute is Precision.fp4


def test_scales_are_counted_and_embeddings_stay_as_they_are(llama: LanguageProfile) -> None:
    weights = stored(llama, "B200-SXM", Precision.fp4).weights

    assert weights == ElementSizes(layers=4.5 / 8, experts=4.5 / 8, ends=2.0)


def test_a_checkpoint_that_is_quantized_stays_as_it_is(gpt_oss: LanguageProfile) -> None:
    assert stored(gpt_oss, "H100-SXM", Precision.bf16).weights == gpt_oss.model.declared
    assert stored(gpt_oss, "B200-SXM", Precision.fp4).compute is Precision.bf16


@pytest.mark.parametrize(
    ("precision", "size"), [(Precision.bf16, 2.0), (Precision.fp8, 1.0), (Precision.int8, 2.0), (Precision.fp32, 4.0)]
)
def test_the_cache_is_narrow_where_products_are_of_fp8(precision: Precision, size: float, llama: LanguageProfile) -> None:
    assert stored(llama, "H100-SXM", precision).cache_bytes == size


def test_wide_weights_are_wide_everywhere(llama: LanguageProfile) -> None:
    assert stored(llama, "H100-SXM", Precision.fp32).weights == ElementSizes.uniform(4.0)
