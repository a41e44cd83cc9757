"""Published models, chips as their data sheets have them, and a speed on them with the constants that are shipped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from infractl.domain.language_profile import LanguageProfile
from infractl.domain.precision import Precision
from infractl.hardware.catalogue import chip
from infractl.placement.language.fitted import FITTED
from infractl.placement.language.speed import LanguageSpeed, language_speed
from infractl.profile.huggingface import profile_huggingface

CONFIGS = Path(__file__).parents[2] / "cases" / "profile" / "language"

Speed = Callable[..., LanguageSpeed]


@pytest.fixture(scope="session")
def llama() -> LanguageProfile:
    """Llama-3.1-8B: 32 layers, 8 heads of keys and values of 128 elements."""
    return profile_huggingface(CONFIGS / "llama-3.1-8b")


@pytest.fixture(scope="session")
def gpt_oss() -> LanguageProfile:
    """gpt-oss-120b: 128 experts, of which a token chooses 4, in MXFP4; a window of 128 tokens in every other layer."""
    return profile_huggingface(CONFIGS / "gpt-oss-120b")


@pytest.fixture(scope="session")
def mixtral() -> LanguageProfile:
    return profile_huggingface(CONFIGS / "mixtral-8x7b")


@pytest.fixture(scope="session")
def deepseek() -> LanguageProfile:
    return profile_huggingface(CONFIGS / "deepseek-v3")


@pytest.fixture(scope="session")
def speed_of() -> Speed:
    def made(
        model: LanguageProfile, name: str = "H100-SXM", count: int = 1, precision: Precision = Precision.bf16
    ) -> LanguageSpeed:
        found = language_speed(model.model, chip(name), count, precision, FITTED)
        assert isinstance(found, LanguageSpeed), found
        return found

    return made
