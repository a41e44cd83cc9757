"""The time of a step, beside counts by hand and beside what must be so on any chip."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.domain.chip import Chip
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision
from infractl.domain.unknown import Unknown
from infractl.hardware.catalogue import chip
from infractl.placement.language.fitted import FITTED
from infractl.placement.language.speed import LanguageSpeed, language_speed
from tests.placement.language.conftest import Speed

BATCHES, CONTEXTS = st.integers(1, 512), st.integers(1, 32768)


def test_a_lone_token_takes_as_long_as_its_weights_and_cache_are_read(llama: LanguageProfile, speed_of: Speed) -> None:
    # Without its table of embeddings (128256 x 4096) Llama-3.1-8B reads 7.505e9 weights, and one row of the table.
    weights = 2 * (8_030_261_248 - 128_256 * 4096 + 4096)
    cache = 2 * 32 * 8 * 128 * 2 * 1000
    seconds = (weights + cache) / (3.35e12 * FITTED.memory) + 32 * FITTED.layer_s

    assert speed_of(llama).decode_s(1, 1000) == pytest.approx(FITTED.engine(None) * seconds, rel=1e-3)


def test_a_long_prompt_takes_two_operations_a_weight_and_token_and_its_attention(llama: LanguageProfile, speed_of: Speed) -> None:
    layers, tokens = 32 * (4096 * (4096 * 2 + 1024 * 2) + 3 * 4096 * 14336), 4096
    flops = 2 * layers * tokens + 32 * 4 * 32 * 128 * tokens * (tokens + 1) / 2
    seconds = flops / (989e12 * FITTED.compute)

    assert speed_of(llama).prompt_s(tokens) == pytest.approx(FITTED.engine(None) * seconds, rel=1e-3)


def test_one_chip_has_nobody_to_talk_to(llama: LanguageProfile, speed_of: Speed) -> None:
    alone = speed_of(llama)
    silent = replace(alone, all_reduce_s=1.0, link_bytes_per_s=1e-9)

    assert silent.decode_s(8, 1000) == alone.decode_s(8, 1000) and silent.prompt_s(1000) == alone.prompt_s(1000)


def test_two_reductions_a_layer_are_paid_for_on_several_chips(llama: LanguageProfile, speed_of: Speed) -> None:
    two = speed_of(llama, count=2)
    slower = replace(two, all_reduce_s=two.all_reduce_s + 1e-3)

    assert slower.decode_s(1, 10) - two.decode_s(1, 10) == pytest.approx(two.factor * 64e-3)


@given(batch=BATCHES, context=CONTEXTS)
def test_more_sequences_and_longer_ones_never_take_less(
    batch: int, context: int, llama: LanguageProfile, gpt_oss: LanguageProfile, speed_of: Speed
) -> None:
    for model in (llama, gpt_oss):
        speed = speed_of(model, "B200-SXM", 2)
        at = speed.decode_s(batch, context)
        assert speed.decode_s(batch + 1, context) >= at and speed.decode_s(batch, context + 1) >= at


@given(batch=BATCHES, context=CONTEXTS, more=st.floats(1.0, 10.0))
def test_a_faster_memory_peak_or_link_never_makes_it_slower(
    batch: int, context: int, more: float, llama: LanguageProfile, speed_of: Speed
) -> None:
    speed = speed_of(llama, count=2)
    for field in ("bandwidth_bytes_per_s", "flops_per_s", "link_bytes_per_s"):
        faster = replace(speed, **{field: getattr(speed, field) * more})
        assert faster.decode_s(batch, context) <= speed.decode_s(batch, context)
        assert faster.prompt_s(context) <= speed.prompt_s(context)


@given(batch=BATCHES)
def test_the_short_form_of_what_is_read_is_the_long_one(
    batch: int, gpt_oss: LanguageProfile, mixtral: LanguageProfile, speed_of: Speed
) -> None:
    for model in (gpt_oss, mixtral):
        speed = speed_of(model, "B200-SXM", 4)
        whole = model.model.decode_bytes(batch, 1, speed.weights, 0.0)
        assert speed.reading.bytes(batch) == pytest.approx(whole / 4)


def test_a_batch_touches_more_experts_than_one_token(gpt_oss: LanguageProfile, speed_of: Speed) -> None:
    reading = speed_of(gpt_oss, "B200-SXM").reading
    all_experts = 36 * 128 * gpt_oss.model.layers[0].feed_forward.expert_parameters * 0.53125

    assert reading.bytes(1) - reading.fixed < 0.04 * all_experts
    assert reading.bytes(1000) - reading.fixed == pytest.approx(all_experts, rel=0.01)


@pytest.mark.parametrize(("count", "shares"), [(1, 1), (4, 4), (8, 8)])
def test_the_cache_is_cut_by_heads(count: int, shares: int, llama: LanguageProfile, speed_of: Speed) -> None:
    assert speed_of(llama, count=count).cache_shares == shares


def test_heads_that_are_fewer_than_chips_are_held_twice(llama: LanguageProfile, speed_of: Speed) -> None:
    # 16 chips share 8 heads of keys and values.
    assert speed_of(llama, count=16).sequence_bytes(1000) == 1000 * 131072 / 8


def test_each_chip_holds_a_latent_vector_whole(deepseek: LanguageProfile, speed_of: Speed) -> None:
    one, eight = (speed_of(deepseek, "B200-SXM", count, Precision.fp8) for count in (1, 8))

    assert one.sequence_bytes(1000) == eight.sequence_bytes(1000)


def test_layers_of_many_kernels_count_more(
    llama: LanguageProfile, gpt_oss: LanguageProfile, deepseek: LanguageProfile, speed_of: Speed
) -> None:
    # DeepSeek-V3: latent attention in 61 layers, and all but three with a shared expert.
    assert speed_of(deepseek, "B200-SXM", 8, Precision.fp8).dense_layers == pytest.approx((3 * 17 + 58 * 21) / 10)
    assert (speed_of(llama).dense_layers, speed_of(gpt_oss, "B200-SXM").dense_layers) == (32, 36)


def test_a_small_model_stands_between_its_neighbours_bandwidths(llama: LanguageProfile, speed_of: Speed) -> None:
    slow, middle, fast = (speed_of(llama, name).decode_s(1, 1000) for name in ("H100-SXM", "H200-SXM", "B200-SXM"))
    fixed = speed_of(llama).factor * speed_of(llama).fixed_s()

    assert slow > middle > fast
    assert (slow - fixed) / (middle - fixed) == pytest.approx(4800 / 3350)


def test_heads_that_cannot_be_shared_evenly_are_a_reason(llama: LanguageProfile) -> None:
    refused = language_speed(llama.model, chip("H100-SXM"), 3, Precision.bf16, FITTED)

    assert isinstance(refused, Violation) and refused.code == "uneven-split"


@pytest.mark.parametrize("field", ["bandwidth_bytes_per_s", "link_bytes_per_s"])
def test_a_figure_that_nobody_knows_is_a_reason(field: str, llama: LanguageProfile) -> None:
    lacking: Chip = replace(chip("H100-SXM"), **{field: Unknown("not stated")})
    refused = language_speed(llama.model, lacking, 2, Precision.bf16, FITTED)

    assert isinstance(refused, Violation) and refused.code == "no-figures" and refused.have == "not stated"


def test_one_chip_needs_no_link(llama: LanguageProfile) -> None:
    lacking = replace(chip("H100-SXM"), link_bytes_per_s=Unknown("not stated"))

    assert isinstance(language_speed(llama.model, lacking, 1, Precision.bf16, FITTED), LanguageSpeed)


def test_fewer_bits_read_less_and_compute_faster(llama: LanguageProfile, speed_of: Speed) -> None:
    wide, narrow = (speed_of(llama, "B200-SXM", precision=p) for p in (Precision.bf16, Precision.fp8))

    assert narrow.decode_s(1, 1000) < wide.decode_s(1, 1000) and narrow.prompt_s(1000) < wide.prompt_s(1000)
