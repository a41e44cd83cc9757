"""What a server gives at a rate, and the rate at which it keeps what was promised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infractl.domain.figure import Basis, Figure
from infractl.domain.language_prediction import LanguageLimits, LanguagePrediction
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision
from infractl.hardware.catalogue import chip
from infractl.placement.language.capacity import language_capacity
from infractl.placement.language.fitted import FITTED
from infractl.placement.language.predict import predict_language

LIMITS = LanguageLimits(ttft_s={95: 0.3}, tpot_s={95: 0.03})


def predicted(
    model: LanguageProfile, name: str = "H100-SXM", count: int = 1, rate: float = 5.0, **more: Any
) -> LanguagePrediction:
    found = predict_language(model, chip(name), count, Precision.bf16, prompt=1000, output=100, rate_per_s=rate, **more)
    assert isinstance(found, LanguagePrediction), found
    return found


def capacity(model: LanguageProfile, limits: LanguageLimits, name: str = "H100-SXM", simulated: bool = True) -> Figure:
    found = language_capacity(model, chip(name), 1, Precision.bf16, prompt=1000, output=100, limits=limits, simulated=simulated)
    assert isinstance(found, Figure), found
    return found


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
    refused = predict_language(llama, chip("L4"), 1, Precision.bf16, prompt=1000, output=100, rate_per_s=1000.0)

    assert isinstance(refused, Violation) and refused.code == "unstable"


def test_more_tokens_than_the_model_sees_are_a_reason(llama: LanguageProfile) -> None:
    refused = predict_language(llama, chip("H100-SXM"), 1, Precision.bf16, prompt=131_072, output=1, rate_per_s=1.0)

    assert str(refused) == "context-exceeded: needs 131073 tokens, has 131072"


def test_a_single_token_has_no_time_between_tokens(llama: LanguageProfile) -> None:
    for simulated in (True, False):
        found = predict_language(
            llama, chip("H100-SXM"), 1, Precision.bf16, prompt=1000, output=1, rate_per_s=5.0, simulated=simulated
        )
        assert isinstance(found, LanguagePrediction) and found.tpot_s == {} and found.ttft_s


def test_a_chip_that_was_measured_is_calibrated_and_another_less_certain(llama: LanguageProfile) -> None:
    known, other = (predicted(llama, name, simulated=False).tpot_s[50] for name in ("H100-SXM", "H200-SXM"))

    assert (known.basis, other.basis) == (Basis.calibrated, Basis.estimated)
    assert other.high / other.low > known.high / known.low


def test_at_its_capacity_a_server_keeps_the_limits_and_above_it_not(llama: LanguageProfile) -> None:
    most = capacity(llama, LIMITS)
    at, above = (predicted(llama, rate=most.value * share) for share in (1.0, 1.05))

    assert at.ttft_s[95].value <= 0.3 and at.tpot_s[95].value <= 0.03
    assert above.ttft_s[95].value > 0.3 or above.tpot_s[95].value > 0.03


def test_stricter_limits_and_slower_chips_carry_no_more(llama: LanguageProfile) -> None:
    strict = replace(LIMITS, tpot_s={95: 0.012})

    assert capacity(llama, strict).value < capacity(llama, LIMITS).value
    assert capacity(llama, LIMITS, "A100-SXM-80GB").value < capacity(llama, LIMITS).value


def test_closed_forms_find_about_the_same_capacity(llama: LanguageProfile) -> None:
    assert capacity(llama, LIMITS, simulated=False).value == pytest.approx(capacity(llama, LIMITS).value, rel=0.15)


def test_what_no_request_can_have_is_a_capacity_of_nothing(llama: LanguageProfile) -> None:
    assert capacity(llama, LanguageLimits(tpot_s={95: 0.001})).high == 0.0


def test_without_limits_a_server_carries_what_keeps_its_queue_stable(llama: LanguageProfile) -> None:
    assert capacity(llama, LanguageLimits()).value == pytest.approx(0.98 * predicted(llama).capacity_per_s.value)
