"""How many sequences fit, counted by hand, and what does not fit at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.domain.figure import Figure
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision
from infractl.hardware.catalogue import chip
from infractl.placement.language.room import Room, room
from tests.placement.language.conftest import Speed


def fits(model: LanguageProfile, speed_of: Speed, name: str, prompt: int = 1000, output: int = 1, count: int = 1) -> Room:
    found = room(speed_of(model, name, count), chip(name), prompt, output)
    assert isinstance(found, Room), found
    return found


def test_what_is_left_beside_weights_and_reserves_is_the_cache(llama: LanguageProfile, speed_of: Speed) -> None:
    # 8,030,261,248 weights and 32 layers x 8 heads x 128 elements x keys and values of two bytes for each of 1000 tokens.
    activations = 2 * 8192 * (2 * 4096 + 2 * 14336)
    free = 0.9 * 80e9 - 2 * 8_030_261_248 - 3.5e9 - activations
    found = fits(llama, speed_of, "H100-SXM")

    assert found.sequence_bytes == 131_072_000
    assert found.sequences == pytest.approx(free / 131_072_000, abs=2)
    assert found.used_bytes.value <= found.usable_bytes


def test_a_window_keeps_no_more_than_its_tokens(gpt_oss: LanguageProfile, speed_of: Speed) -> None:
    # 18 layers with all 4000 tokens, 18 with the last 128; 8 heads x 64 elements x keys and values of two bytes.
    assert speed_of(gpt_oss, "B200-SXM").sequence_bytes(4000) == (18 * 4000 + 18 * 128) * 8 * 64 * 2 * 2


def test_chips_that_share_a_model_hold_more_than_each_alone(llama: LanguageProfile, speed_of: Speed) -> None:
    # The cap of an engine is left out by long sequences.
    one, two = (fits(llama, speed_of, "H100-SXM", 16000, 1, count).sequences for count in (1, 2))

    assert two > 2 * one


def test_what_does_not_fit_is_told_with_both_sizes(gpt_oss: LanguageProfile, speed_of: Speed) -> None:
    refused = room(speed_of(gpt_oss, "L40S"), chip("L40S"), 1000, 100)

    assert isinstance(refused, Violation) and refused.code == "does-not-fit-memory"
    assert isinstance(refused.need, Figure) and isinstance(refused.have, Figure)
    assert refused.need.value > 60e9 and refused.have.value == pytest.approx(0.9 * 48e9)


@given(memory=st.integers(24, 400), output=st.integers(1, 8000))
def test_more_memory_never_holds_less_and_a_whole_sequence_always_fits(
    memory: int, output: int, llama: LanguageProfile, speed_of: Speed
) -> None:
    speed, known = speed_of(llama), replace(chip("H100-SXM"), memory_bytes=memory * 10**9)
    found = room(speed, known, 1000, output)
    more = room(speed, replace(known, memory_bytes=(memory + 1) * 10**9), 1000, output)

    if isinstance(found, Room):
        assert isinstance(more, Room) and more.sequences >= found.sequences
        assert found.fixed_bytes + speed.sequence_bytes(1000 + output) <= found.usable_bytes
        assert found.used_bytes.value <= found.usable_bytes


def test_an_engine_reads_fewer_tokens_a_step_on_a_small_chip(llama: LanguageProfile, speed_of: Speed) -> None:
    small, large = (fits(llama, speed_of, name).step_tokens for name in ("L40S", "H100-SXM"))

    assert (small, large) == (2048, 8192)


def test_fewer_bits_leave_more_room(llama: LanguageProfile, speed_of: Speed) -> None:
    wide, narrow = (
        room(speed_of(llama, "L40S", precision=precision), chip("L40S"), 8000, 1000)
        for precision in (Precision.bf16, Precision.fp8)
    )

    assert isinstance(wide, Room) and isinstance(narrow, Room) and narrow.sequences > 2 * wide.sequences
