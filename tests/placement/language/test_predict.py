"""What a server gives at a rate, and the rate at which it keeps what was promised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infractl.domain.figure import Basis, Figure
from infractl.domain.language_prediction import LanguageLimits, LanguagePrediction
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision
from infractl.hardware.catalogue import chip, chips
from infractl.placement.language.capacity import language_capacity
from infractl.placement.language.case import Case, case
from infractl.placement.language.estimate import estimated_times
from infractl.placement.language.fitted import FITTED
from infractl.placement.language.percentile import simulated_times
from infractl.placement.language.predict import predict_language
from infractl.profile.huggingface import profile_huggingface
from tests.placement.language.conftest import CONFIGS

LIMITS = LanguageLimits(ttft_s={95: 0.3}, tpot_s={95: 0.03})


def server(model: LanguageProfile, name: str = "H100-SXM", count: int = 1, **more: Any) -> Case:
    found = case(model, chip(name), count, **{"precision": Precision.bf16, "prompt": 1000, "output": 100, **more})
    assert isinstance(found, Case), found
    return found


def predicted(
    model: LanguageProfile,
    name: str = "H100-SXM",
    count: int = 1,
    rate: float = 5.0,
    simulated: bool = True,
    **more: Any,
) -> LanguagePrediction:
    found = predict_language(server(model, name, count, **more), rate, simulated=simulated)
    assert isinstance(found, LanguagePrediction), found
    return found


def capacity(model: LanguageProfile, limits: LanguageLimits, name: str = "H100-SXM", simulated: bool = True) -> Figure:
    return language_capacity(server(model, name), limits, simulated=simulated)


def test_percentiles_rise_and_lie_between_their_ends(llama: LanguageProfile) -> None:
    found = predicted(llama)

    for times in (found.ttft_s, found.tpot_s, found.latency_s):
        assert times[50].value <= times[95].value <= times[99].value
        assert all(0 < f.low <= f.value <= f.high and f.unit == "s" for f in times.values())


def test_at_low_load_a_request_takes_a_step_and_its_prompt(llama: LanguageProfile, speed_of: Any) -> None:
    found, speed = predicted(llama, rate=0.01), speed_of(llama)

    assert found.tpot_s[50].value == pytest.approx(speed.decode_s(1, 1050), rel=0.01)
    own = speed.prompt_s(1000) + speed.factor * speed.fixed_s()
    assert found.ttft_s[50].value == pytest.approx(own + FITTED.request_s[1], rel=0.01)


@pytest.mark.parametrize("rate", [1.0, 10.0, 20.0])
def test_closed_forms_are_near_the_simulation(rate: float, llama: LanguageProfile) -> None:
    queue, closed = predicted(llama, rate=rate), predicted(llama, rate=rate, simulated=False)

    for percentile in (50, 95):
        assert closed.tpot_s[percentile].value == pytest.approx(queue.tpot_s[percentile].value, rel=0.15)
        assert closed.ttft_s[percentile].value == pytest.approx(queue.ttft_s[percentile].value, rel=0.4)


def test_littles_law_holds_between_what_runs_and_how_long(llama: LanguageProfile) -> None:
    found = predicted(llama, rate=10.0)

    assert found.batch == pytest.approx(10.0 * found.latency_s[50].value, rel=0.2)


def test_a_rate_that_is_more_than_it_can_carry_is_unstable(llama: LanguageProfile) -> None:
    refused = predict_language(server(llama, "L4"), 1000.0)

    assert isinstance(refused, Violation) and refused.code == "unstable"


def test_more_tokens_than_the_model_sees_are_a_reason(llama: LanguageProfile) -> None:
    refused = case(llama, chip("H100-SXM"), 1, Precision.bf16, prompt=131_072, output=1)

    assert str(refused) == "context-exceeded: needs 131073 tokens, has 131072"


def test_a_single_token_has_no_time_between_tokens(llama: LanguageProfile) -> None:
    for simulated in (True, False):
        found = predicted(llama, output=1, simulated=simulated)
        assert found.tpot_s == {} and found.ttft_s


def test_a_chip_that_was_measured_is_calibrated_and_another_less_certain(llama: LanguageProfile) -> None:
    known, other = (predicted(llama, name, rate=0.01, simulated=False).tpot_s[50] for name in ("H100-SXM", "H200-SXM"))

    assert (known.basis, other.basis) == (Basis.calibrated, Basis.estimated)
    assert other.high / other.low > known.high / known.low


def test_a_chip_of_another_maker_may_be_slower_than_its_data_sheet_says(llama: LanguageProfile) -> None:
    same, other = (predicted(llama, name, simulated=False).tpot_s[50] for name in ("H200-SXM", "MI300X"))

    assert other.high / other.value > 1.5 * same.high / same.value
    assert other.high / other.low < 3


def test_an_engine_that_is_known_leaves_less_open(llama: LanguageProfile) -> None:
    known, any_one = (predicted(llama, simulated=False, engine=engine).tpot_s[50] for engine in ("vllm", None))

    assert known.value > any_one.value
    assert known.high / known.low < any_one.high / any_one.low


def test_at_its_capacity_a_server_keeps_the_limits_and_above_it_not(llama: LanguageProfile) -> None:
    most = capacity(llama, LIMITS)
    at, above = (predicted(llama, rate=most.value * share) for share in (1.0, 1.05))

    assert at.ttft_s[95].value <= 0.3 and at.tpot_s[95].value <= 0.03
    assert above.ttft_s[95].value > 0.3 or above.tpot_s[95].value > 0.03


def test_stricter_limits_and_slower_chips_carry_no_more(llama: LanguageProfile) -> None:
    strict = replace(LIMITS, tpot_s={95: 0.012})
    most = capacity(llama, LIMITS, simulated=False).value

    assert capacity(llama, strict, simulated=False).value < most
    assert capacity(llama, LIMITS, "A100-SXM-80GB", simulated=False).value < most


def test_closed_forms_find_about_the_same_capacity(llama: LanguageProfile) -> None:
    assert capacity(llama, LIMITS, simulated=False).value == pytest.approx(capacity(llama, LIMITS).value, rel=0.15)


def test_what_no_request_can_have_is_a_capacity_of_nothing(llama: LanguageProfile) -> None:
    assert capacity(llama, LanguageLimits(tpot_s={95: 0.001})).high == 0.0


def test_without_limits_a_server_carries_what_keeps_its_queue_stable(llama: LanguageProfile) -> None:
    assert capacity(llama, LanguageLimits()).value == pytest.approx(0.98 * predicted(llama).capacity_per_s.value)


def test_a_service_without_traffic_takes_what_a_lone_request_takes(llama: LanguageProfile) -> None:
    idle, calm = (predicted(llama, rate=rate) for rate in (0.0, 0.01))

    assert idle.utilization == 0 and idle.batch == 0
    assert idle.ttft_s[99].value == pytest.approx(calm.ttft_s[50].value, rel=0.05)


@pytest.mark.parametrize(
    "precision", [Precision.bf16, Precision.fp16, Precision.int8, Precision.int4, Precision.fp8, Precision.fp4]
)
def test_every_chip_of_the_catalogue_is_predicted_or_refused_with_a_reason(precision: Precision) -> None:
    small = profile_huggingface(CONFIGS / "qwen3-0.6b")

    for known in chips().values():
        on = case(small, known, 1, precision, prompt=500, output=50)
        found = on if isinstance(on, Violation) else predict_language(on, 0.1, simulated=False)
        if isinstance(found, Violation):
            assert found.code in {"precision-unsupported", "no-figures", "does-not-fit-memory", "unstable"}, (known.name, found)
        else:
            assert 0 < found.tpot_s[50].low < found.ttft_s[99].high < 60, known.name


@pytest.mark.parametrize(
    "name", ["mixtral-8x7b", "deepseek-v3", "qwen2.5-72b", "llama-3.1-405b", "gemma-2-9b", "gpt-oss-20b", "qwen3-30b-a3b"]
)
def test_bandwidth_orders_chips_for_every_decoder(name: str) -> None:
    model = profile_huggingface(CONFIGS / name)
    tokens = []
    for on in ("H200-SXM", "B200-SXM"):
        found = predicted(model, on, 8, rate=0.5, simulated=False, precision=Precision.fp8, output=200)
        tokens.append(found.tpot_s[50].value)

    assert tokens[0] > tokens[1] > tokens[0] * 4800 / 7700


@settings(max_examples=12, deadline=None)
@given(prompt=st.integers(50, 4000), output=st.integers(100, 1000), share=st.floats(0.02, 0.7), count=st.sampled_from([1, 2, 8]))
def test_closed_forms_are_near_the_simulation_whatever_the_shape(
    prompt: int, output: int, share: float, count: int, llama: LanguageProfile
) -> None:
    found = case(llama, chip("H200-SXM"), count, Precision.bf16, prompt=prompt, output=output)
    assert isinstance(found, Case)
    rate = share * found.expected.capacity_per_s()
    queue, closed = (of(found.expected, rate, (50, 95)) for of in (simulated_times, estimated_times))

    assert closed.tpot[50].seconds == pytest.approx(queue.tpot[50].seconds, rel=0.3)
    assert 1 / 2 < closed.ttft[95].seconds / queue.ttft[95].seconds < 2


@settings(max_examples=40, deadline=None)
@given(more=st.floats(1.0, 4.0), ttft_s=st.floats(0.1, 2.0), tpot_s=st.floats(0.01, 0.1))
def test_a_faster_chip_carries_no_less(more: float, ttft_s: float, tpot_s: float, llama: LanguageProfile) -> None:
    slow, limits = chip("H100-SXM"), LanguageLimits(ttft_s={95: ttft_s}, tpot_s={95: tpot_s})
    assert isinstance(slow.bandwidth_bytes_per_s, Figure)
    peaks = {p: f.scaled(more) if isinstance(f, Figure) else f for p, f in slow.peak_flops_per_s.items()}
    fast = replace(slow, bandwidth_bytes_per_s=slow.bandwidth_bytes_per_s.scaled(more), peak_flops_per_s=peaks)
    servers = [case(llama, on, 1, Precision.bf16, prompt=1000, output=100) for on in (slow, fast)]
    found = [language_capacity(each, limits, simulated=False) for each in servers if isinstance(each, Case)]

    assert all(isinstance(each, Figure) for each in found)
    assert found[1].value >= found[0].value * 0.995
