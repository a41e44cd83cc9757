"""Times of a closed loop."""

from __future__ import annotations

from statistics import fmean

import pytest

from infractl.domain.figure import Figure
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Violation
from infractl.domain.precision import Precision
from infractl.hardware.catalogue import chip
from infractl.placement.language.case import Case, case
from infractl.placement.language.clients import tpot_of_clients
from infractl.placement.language.fitted import FITTED
from infractl.placement.language.percentile import server
from infractl.placement.language.simulate import simulate_clients


def tpot(model: LanguageProfile, clients: int, name: str = "H100-SXM", prompt: int = 1000, output: int = 200) -> Figure:
    found = case(model, chip(name), 1, Precision.bf16, prompt=prompt, output=output)
    assert isinstance(found, Case), found
    return tpot_of_clients(found, clients)


@pytest.mark.parametrize("clients", [1, 4, 16, 64])
def test_it_is_the_mean_of_a_simulation(clients: int, llama: LanguageProfile) -> None:
    found = case(llama, chip("H100-SXM"), 1, Precision.bf16, prompt=1000, output=200)
    assert isinstance(found, Case)
    played = simulate_clients(server(found.expected), clients, 10 * clients)

    assert tpot(llama, clients).value == pytest.approx(fmean(played.tpot_s), rel=0.1)


def test_more_clients_take_longer_until_no_more_fit(llama: LanguageProfile) -> None:
    times = [tpot(llama, clients, prompt=16_000).value for clients in (1, 8, 16, 10_000, 20_000)]

    assert times == sorted(times) and times[-1] == times[-2]


def test_a_lone_client_waits_for_nobodys_prompt(llama: LanguageProfile) -> None:
    short, long = tpot(llama, 1, prompt=100), tpot(llama, 1, prompt=200)
    cache = 100 * 131072 / (3.35e12 * FITTED.memory) * FITTED.engine(None)

    assert long.value - short.value == pytest.approx(cache)


def test_what_does_not_fit_has_no_time(gpt_oss: LanguageProfile) -> None:
    refused = case(gpt_oss, chip("L4"), 1, Precision.bf16, prompt=100, output=10)

    assert isinstance(refused, Violation) and refused.code == "does-not-fit-memory"
