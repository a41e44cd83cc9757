"""How the chips of an offer may be cut into servers of a language model: few that are fast, or many that carry more."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.language_model import LanguageModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """`servers` that are alike, each with `chips` of which each has a part of every layer.

    Requests that are dealt out at random reach each of them as Poisson arrivals at the rate's share.
    """

    chips: int
    servers: int


def splits(model: LanguageModel, count: int) -> tuple[Split, ...]:
    """Every way to use all of `count` chips alike, smallest servers first: those that attention heads can be shared among."""
    cuts = [chips for chips in range(1, count + 1) if count % chips == 0]
    heads = [group.attention.heads for group in model.layers]
    return tuple(Split(chips=c, servers=count // c) for c in cuts if not any(each % c for each in heads))
