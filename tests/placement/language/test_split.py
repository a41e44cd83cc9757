"""How an offer's chips are cut into servers."""

from __future__ import annotations

from dataclasses import replace

from infractl.domain.language_prediction import LanguagePrediction
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.precision import Precision
from infractl.hardware.catalogue import chip
from infractl.placement.language.case import Case, case
from infractl.placement.language.predict import predict_language
from infractl.placement.language.split import Split, splits


def test_all_chips_are_used_alike(llama: LanguageProfile) -> None:
    assert [(s.chips, s.servers) for s in splits(llama.model, 8)] == [(1, 8), (2, 4), (4, 2), (8, 1)]
    assert splits(llama.model, 1) == (Split(chips=1, servers=1),)


def test_heads_are_not_cut(llama: LanguageProfile) -> None:
    group = llama.model.layers[0]
    odd = replace(llama.model, layers=(replace(group, attention=replace(group.attention, heads=28)),))

    assert [s.chips for s in splits(odd, 8)] == [1, 2, 4]


def test_few_fast_servers_have_shorter_times_and_many_carry_more(llama: LanguageProfile) -> None:
    cuts = splits(llama.model, 8)
    servers = [case(llama, chip("H100-SXM"), each.chips, Precision.bf16, prompt=1000, output=200) for each in cuts]
    pairs = [(each, server) for each, server in zip(cuts, servers, strict=True) if isinstance(server, Case)]
    found = [(each, predict_language(server, 8.0 / each.servers, simulated=False)) for each, server in pairs]
    made = [(each, one) for each, one in found if isinstance(one, LanguagePrediction)]
    tokens = [one.tpot_s[50].value for _, one in made]
    carried = [one.capacity_per_s.value * each.servers for each, one in made]

    assert len(made) == 4
    assert tokens == sorted(tokens, reverse=True) and carried == sorted(carried, reverse=True)
