"""Which units go: of each group the least important, so many that the width that is left suits the chip."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from infractl.optimizer.pruning.group import Group
from infractl.optimizer.pruning.walk import Walk


def width_left(group: Group, share: float, block: int) -> int:
    """Units that stay when a share goes: the nearest multiple of `block`, at least one block and never more than there are.

    Heads keep to no block: what counts for the chip is the width inside of them.
    """
    step = 1 if group.heads else block
    wanted = group.width * (1 - share)
    rounded = max(1, int(wanted / step + 0.5)) * step
    return max(min(rounded, group.width), group.width - len(group.free))


def least_important(group: Group, count: int, importance: Mapping[int, float]) -> list[int]:
    """So many of the units that may go, the first of equals first."""
    return sorted(group.free, key=lambda unit: (importance.get(unit, 0.0), unit))[:count]


def sparing(walk: Walk, removed: AbstractSet[int]) -> set[int]:
    """Without the first unit of what would be left with none: a group may hold a narrow layer, and all that it makes may go."""
    ids = [*(layer.made for layer in walk.layers), *(slot.ids for slot in walk.slots), *(count.ids for count in walk.counts)]
    every = [walk.channels.units(each).tolist() for each in ids]
    return set(removed) - {units[0] for units in every if units and removed >= set(units)}
