"""How an offer's chips are cut into servers."""

from __future__ import annotations

from dataclasses import replace

from infractl.domain.language_prediction import LanguagePrediction
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.precision import Precision
from infractl.hardware.catalogue import chip
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
    found = [
        predict_language(
            llama,
            chip("H100-SXM"),
            split.chips,
            Precision.bf16,
            prompt=1000,
            output=200,
            rate_per_s=8.0 / split.servers,
            simulated=False,
        )
        for split in splits(llama.model, 8)
    ]
    made = [each for each in found if isinstance(each, LanguagePrediction)]
    tokens = [each.tpot_s[50].value for each in made]
    carried = [each.capacity_per_s.value * 8 / each.count for each in made]

    assert len(made) == 4
    assert tokens == sorted(tokens, reverse=True) and carried == sorted(carried, reverse=True)
