"""Chooses the sizes at which a model is evaluated: such that it takes them, and that what it costs is a polynomial in them.

Strides and windows divide a length, and round. So lengths are multiples of 32 where the model takes those, and others where not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from infractl.profile.dimension import Dimensions

UNITS = (64, 32, 16, 224, 8, 512, 1600, 16_000, 48, 1)
"""A length's sizes are one, two and three times one of these: 64 suits text and images, 224 images that end in a fixed pooling,
1600 and 16000 sound."""
FURTHER = (16, 8, 4)
"""They are compared at this many times it, the most that the model takes: what is filled up to a length costs the same below."""
LONGER = (12_800, 1600, 512, 224, 64, 32)
"""The order that is tried where rounding spoils the first. 12800 samples are whole steps of 160, 200, 256, 320, 400 and 512."""
LEADING = (((2, 4), (1024, 8)), ((1, 2), (3,)))
"""A first axis counts items, and is no length: two sizes, and those of which the first that the model takes is compared with. One
item would be taken for an axis to drop."""
ALONE = (
    *(64, 48, 32, 96, 128, 16, 8, 224, 256, 320, 512, 640, 1, 2, 3, 4, 5, 7, 10, 12, 20, 24, 40, 80, 100, 299),
    *(1024, 1600, 16_000),
)
"""What is tried for a dimension that takes few sizes."""
FEW_ITEMS = (4, 2, 8, 16)
"""Units for high powers, which would be larger than any memory at the sizes above."""
MOST_SIZES = 5
"""Of those units' multiples: a fourth power is what a square image has whose places attend to each other."""
MOST_DIMENSIONS = 64
"""Further ones keep one size: no model that is known has as many. What depends on them is not costed."""
MOST_POINTS = 96
"""Of a grid whose powers are all that might be. Where there are more, it grows by those that there are."""
MOST_ALIKE = 8
"""Axes whose powers are gone through one by one."""

Point = Mapping[str, int]
Misfits = Callable[[Point], int]
"""How many nodes do not fit the sizes."""
Fits = Callable[[Sequence[str], Sequence[int]], bool]
"""Whether the model takes each of the sizes, all of the dimensions having the same one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A dimension's sizes: one more than the degree of the polynomials, and `check`, at which they are compared."""

    name: str
    sizes: tuple[int, ...]
    check: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The sizes of each free dimension, and the powers that the polynomials may have: one for each axis, in its order.

    `grows`: its powers are those that are found; none as long as nobody looked.
    `whole`: none was left out because there were too many.
    """

    axes: tuple[Axis, ...]
    powers: tuple[tuple[int, ...], ...]
    grows: bool = False
    whole: bool = True

    @property
    def points(self) -> tuple[Point, ...]:
        """As many as there are powers: those of a lattice at the powers' places, on which just one such polynomial fits."""
        return tuple({a.name: a.sizes[p] for a, p in zip(self.axes, powers, strict=True)} for powers in self.powers)

    @property
    def check(self) -> Point:
        return {axis.name: axis.check for axis in self.axes}


def axes_of(dimensions: Dimensions, misfits: Misfits, units: Sequence[int] = UNITS) -> tuple[Dimensions, tuple[Axis, ...]]:
    """Sizes for every free dimension, and the dimensions with those tied that the model takes only of one size together."""
    base = _base(dimensions, misfits, units)
    least = misfits(base)

    def fits(names: Sequence[str], sizes: Sequence[int]) -> bool:
        return all(misfits({**base, **dict.fromkeys(names, size)}) <= least for size in sizes)

    found: dict[str, Axis] = {}
    stuck: list[str] = []
    for name in dimensions.free:
        if name in dimensions.free[MOST_DIMENSIONS:]:
            found[name] = Axis(name=name, sizes=(base[name],), check=2 * base[name])
        elif axis := _axis((name,), dimensions, units, fits):
            found[name] = axis
        else:
            stuck.append(name)
    for group in _groups(stuck, dimensions):
        if any(name in found for name in group):
            continue
        if axis := _axis(group, dimensions, units, fits):
            found[group[0]] = axis
            dimensions = dimensions.tie(group)
            found |= dict.fromkeys(group[1:], axis)
    for name in (name for name in stuck if name not in found):
        found[name] = _alone(name, base, fits)
    chosen = _together(found, misfits, least)
    return dimensions, tuple(chosen[name] for name in dimensions.free)


def _together(axes: Mapping[str, Axis], misfits: Misfits, least: int) -> Mapping[str, Axis]:
    """With the largest sizes to compare at that fit at once: of many dimensions the product may be too much for any memory."""
    nearer = ({name: _nearer(axis, times) for name, axis in axes.items()} for times in FURTHER)
    for tried in (axes, *nearer):
        if misfits({name: axis.check for name, axis in tried.items()}) <= least:
            return tried
    return axes


def _nearer(axis: Axis, times: int) -> Axis:
    first, last = axis.sizes[0], axis.sizes[-1]
    return replace(axis, check=min(axis.check, max(times * first, last + first)))


def grid(axes: Sequence[Axis], leading: frozenset[str], *, mixed: bool) -> Grid:
    """`mixed`: the powers of all lengths together may be more than two, as where the places of an image attend to each other.

    Where the powers are too many it has none, and grows.
    """
    whole = len(axes) <= MOST_DIMENSIONS
    if len(axes) <= MOST_ALIKE:
        powers = tuple(_powers(axes, leading, len(axes) * MOST_SIZES if mixed else 2))
        if len(powers) <= MOST_POINTS:
            return Grid(axes=tuple(axes), powers=powers, whole=whole)
    return Grid(axes=tuple(axes), powers=(), grows=True, whole=whole)


def _powers(axes: Sequence[Axis], leading: frozenset[str], most: int) -> Iterator[tuple[int, ...]]:
    """All whose first axes are at most linear together, and whose lengths have at most so many powers."""
    for each in product(*(range(len(axis.sizes)) for axis in axes)):
        if _total(each, axes, leading, first=True) <= 1 and _total(each, axes, leading, first=False) <= most:
            yield each


def _total(powers: Sequence[int], axes: Sequence[Axis], leading: frozenset[str], *, first: bool) -> int:
    return sum(power for power, axis in zip(powers, axes, strict=True) if (axis.name in leading) is first)


def _base(dimensions: Dimensions, misfits: Misfits, units: Sequence[int]) -> dict[str, int]:
    """Sizes at which the fewest nodes do not fit: all lengths alike if that works, else one after the other."""

    def alike(length: int, items: int) -> dict[str, int]:
        return {name: items if name in dimensions.leading else length for name in dimensions.free}

    best: dict[str, int] = alike(units[0], LEADING[0][0][0])
    for items, length in product((sizes[0] for sizes, _ in LEADING), units):
        tried = alike(length, items)
        if not misfits(tried):
            return tried
        best = min(best, tried, key=misfits)
    for name in dimensions.free[:MOST_DIMENSIONS]:
        best = min(({**best, name: size} for size in (best[name], *ALONE)), key=misfits)
    return best


def _axis(group: Sequence[str], dimensions: Dimensions, units: Sequence[int], fits: Fits) -> Axis | None:
    """Sizes that the first of the group takes while the others have the same."""
    choices: Sequence[tuple[Sequence[int], Sequence[int]]] = LEADING
    if group[0] not in dimensions.leading:
        most = MOST_SIZES if units is FEW_ITEMS else 3
        steps, further = range(1, most + 1), [times for times in FURTHER if times > most]
        choices = [([step * unit for step in steps], [times * unit for times in further]) for unit in units]
    for sizes, checks in choices:
        if fits(group, sizes):
            for check in checks:
                if fits(group, (check,)):
                    return Axis(name=group[0], sizes=tuple(sizes), check=check)
    return None


def _groups(stuck: Sequence[str], dimensions: Dimensions) -> Iterator[tuple[str, ...]]:
    """Dimensions that may have to be of one size: those at the same place of several inputs, then all."""
    places = sorted({place for name in stuck for place in dimensions.positions[name]})
    for place in places:
        group = tuple(name for name in stuck if place in dimensions.positions[name])
        if len(group) > 1:
            yield group
    if len(stuck) > 1:
        yield tuple(stuck)


def _alone(name: str, base: Point, fits: Fits) -> Axis:
    """Of the sizes that a dimension takes which takes no multiples three in the upper half of their range, and one to compare.

    Below, windows and paddings are larger than what they go over, and costs are no polynomial.
    """
    taken = {base[name], *(size for size in ALONE if fits((name,), (size,)))}
    sizes = sorted(size for size in taken if 2 * size >= max(taken))
    chosen = sorted({sizes[0], sizes[len(sizes) // 2], sizes[-1]})
    others = [size for size in sizes if size not in chosen]
    return Axis(name=name, sizes=tuple(chosen), check=others[-1] if others else chosen[-1])
