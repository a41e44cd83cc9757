"""Channels as numbers: those that can only go together are one unit, and some may not go at all, with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Ids: TypeAlias = "NDArray[np.int64]"
"""The channel at each position along an axis."""


class Channels:
    """A union-find over channels. The root of a channel names its unit."""

    def __init__(self) -> None:
        self._parents: list[int] = []
        self._frozen: dict[int, str] = {}
        self._heads: list[int] = []

    def fresh(self, count: int) -> Ids:
        """`count` channels that nothing ties yet."""
        import numpy as np

        first = len(self._parents)
        self._parents.extend(range(first, first + count))
        return np.arange(first, first + count, dtype=np.int64)

    def tie(self, left: Ids, right: Ids) -> None:
        """The channels at the same position go together from now on. Both are of one length."""
        for one, other in zip(left.tolist(), right.tolist(), strict=True):
            self._union(one, other)

    def tie_heads(self, ids: Ids) -> Ids:
        """Ties the channels of each row of [heads, size]; gives one channel for each row."""
        for row in ids.tolist():
            for other in row[1:]:
                self._union(row[0], other)
        self._heads.extend(ids[:, 0].tolist())
        return ids[:, 0]

    def heads(self) -> set[int]:
        """The units whose channels went together as rows."""
        return set(map(self._root, self._heads))

    def freeze(self, ids: Ids, why: str) -> None:
        """These channels stay. The first reason that was given for one is the one that is told."""
        for channel in set(ids.tolist()):
            self._frozen.setdefault(self._root(channel), why)

    def reason(self, unit: int) -> str | None:
        """Why the unit with this root stays; None where it may go."""
        return self._frozen.get(unit)

    def units(self, ids: Ids) -> Ids:
        """The root of each."""
        import numpy as np

        return np.fromiter(map(self._root, ids.tolist()), dtype=np.int64, count=len(ids))

    def _root(self, channel: int) -> int:
        parents = self._parents
        root = channel
        while parents[root] != root:
            root = parents[root]
        while parents[channel] != root:
            parents[channel], channel = root, parents[channel]
        return root

    def _union(self, one: int, other: int) -> None:
        kept, gone = sorted((self._root(one), self._root(other)))
        if kept == gone:
            return
        self._parents[gone] = kept
        if (why := self._frozen.pop(gone, None)) is not None:
            self._frozen.setdefault(kept, why)


def kept(ids: Ids, channels: Channels, removed: Iterable[int]) -> Ids:
    """The positions along an axis whose units stay."""
    import numpy as np

    return np.flatnonzero(~np.isin(channels.units(ids), list(removed)))
