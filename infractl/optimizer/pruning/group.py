"""Groups: the units that share layers, and so a width. One is what a share of units is taken from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from infractl.optimizer.pruning.walk import Walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """`name` is the first tensor that carries it.

    `width` counts its units, `free` are those that may go, `reasons` say why the others stay. A unit is a channel, a neuron, or
    where `heads` is true a bundle of them, as the heads of attention are.
    """

    name: str
    width: int
    heads: bool
    free: Sequence[int]
    reasons: Sequence[str]


def groups(walk: Walk) -> list[Group]:
    """In the order in which the model makes them. Layers whose channels are tied, as in a residual stream, are one group."""
    made = [walk.channels.units(layer.made).tolist() for layer in walk.layers]
    owners: dict[int, int] = {}
    together: dict[int, list[int]] = {}
    for position, units in enumerate(made):
        met = {owners[unit] for unit in units if unit in owners}
        joined = sorted({position, *(member for first in met for member in together.pop(first))})
        together[joined[0]] = joined
        owners.update((unit, joined[0]) for member in joined for unit in made[member])
    heads = walk.channels.heads()
    return [_group(walk, positions, made, heads) for _, positions in sorted(together.items())]


def _group(walk: Walk, positions: Sequence[int], made: Sequence[Sequence[int]], heads: set[int]) -> Group:
    units = list(dict.fromkeys(unit for position in positions for unit in made[position]))
    reasons = {unit: why for unit in units if (why := walk.channels.reason(unit)) is not None}
    return Group(
        name=walk.layers[positions[0]].given,
        width=len(units),
        heads=not heads.isdisjoint(units),
        free=[unit for unit in units if unit not in reasons],
        reasons=sorted(set(reasons.values())),
    )
