"""Reshape and Flatten: channels that are joined with space are repeated, channels that are cut into heads go head by head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.channel import Ids
from infractl.optimizer.pruning.graph import number
from infractl.optimizer.pruning.walk import Count, Rule, Walk

if TYPE_CHECKING:
    from onnx import NodeProto


@dataclass(frozen=True, slots=True)
class Extent:
    """A size as a product of a number and of axes whose size is only known by name."""

    times: int
    names: tuple[str, ...] = ()

    def __mul__(self, other: Extent) -> Extent:
        return Extent(self.times * other.times, tuple(sorted((*self.names, *other.names))))

    def without(self, other: Extent) -> Extent | None:
        """What is left when divided by the other; None where it does not divide."""
        names = list(self.names)
        for name in other.names:
            if name not in names:
                return None
            names.remove(name)
        if other.times == 0 or self.times % other.times:
            return None
        return Extent(self.times // other.times, tuple(names))


ONE = Extent(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One axis of the wanted shape, and (node, input, entry) where its size is written as a number."""

    extent: Extent
    written: tuple[int, int, int] | None = None


def _product(extents: Sequence[Extent]) -> Extent:
    found = ONE
    for extent in extents:
        found = found * extent
    return found


def _extents(walk: Walk, tensor: str) -> list[Extent] | None:
    shape = walk.graph.shapes.get(tensor)
    if shape is None:
        return None
    return [
        Extent(size) if isinstance(size, int) else Extent(1, (size or f"{tensor}[{axis}]",)) for axis, size in enumerate(shape)
    ]


def _flatten(walk: Walk, index: int, node: NodeProto) -> None:
    extents = _extents(walk, node.input[0])
    if extents is None:
        walk.freeze_node(node, "Flatten meets a tensor of unknown rank")
        return
    axis = number(node, "axis", 1)
    axis = axis if axis >= 0 else axis + len(extents)
    _reshaped(walk, node, extents, [Entry(extent=_product(extents[:axis])), Entry(extent=_product(extents[axis:]))])


def _reshape(walk: Walk, index: int, node: NodeProto) -> None:
    if not walk.of(node.input[0]):
        return
    extents = _extents(walk, node.input[0])
    wanted = None if extents is None else _wanted(walk, index, node, extents)
    if extents is None or wanted is None or number(node, "allowzero", 0):
        walk.freeze_node(node, "Reshape to a shape that is computed")
    else:
        _reshaped(walk, node, extents, wanted)


def _reshaped(walk: Walk, node: NodeProto, extents: Sequence[Extent], wanted: Sequence[Entry]) -> None:
    labels = {}
    for axis, ids in walk.of(node.input[0]).items():
        found = _merged(walk, axis, ids, extents, wanted) or _divided(walk, axis, ids, extents, wanted)
        if found is None:
            walk.channels.freeze(ids, f"{node.op_type} mixes them with other axes")
        else:
            labels[found[0]] = found[1]
    walk.put(node.output[0], labels)


def _merged(walk: Walk, axis: int, ids: Ids, old: Sequence[Extent], new: Sequence[Entry]) -> tuple[int, Ids] | None:
    """The axis and those behind it become one: each channel is repeated for every place of the axes behind."""
    before = _product(old[:axis])
    for place, entry in enumerate(new):
        if _product([e.extent for e in new[:place]]) != before or entry.extent.names:
            continue
        for end in range(axis + 1, len(old) + 1):
            behind = _product(old[axis + 1 : end])
            if not behind.names and len(ids) * behind.times == entry.extent.times:
                repeated = ids.repeat(behind.times)
                _written(walk, entry, repeated)
                return place, repeated
    return None


def _divided(walk: Walk, axis: int, ids: Ids, old: Sequence[Extent], new: Sequence[Entry]) -> tuple[int, Ids] | None:
    """The axis becomes several: the channels that lie in one place of the first of them go together, as a head does."""
    before = _product(old[:axis])
    for place, entry in enumerate(new):
        if _product([e.extent for e in new[:place]]) != before or entry.extent.names or entry.extent.times < 2:
            continue
        for end in range(place + 2, len(new) + 1):
            if _product([e.extent for e in new[place:end]]) == Extent(len(ids)):
                heads = walk.channels.tie_heads(ids.reshape(entry.extent.times, -1))
                _written(walk, entry, heads)
                return place, heads
    return None


def _written(walk: Walk, entry: Entry, ids: Ids) -> None:
    if entry.written is not None:
        node, place, position = entry.written
        walk.counts.append(Count(node=node, input=place, entry=position, ids=ids))


def _wanted(walk: Walk, index: int, node: NodeProto, old: Sequence[Extent]) -> list[Entry] | None:
    """The shape that is asked for: numbers, 0 for the axis as it was, -1 for what is left."""
    raw = _entries(walk, index, node, 1)
    if raw is None or sum(isinstance(value, int) and value == -1 for value, _ in raw) > 1:
        return None
    sizes: list[Extent | None] = []
    for place, (value, _) in enumerate(raw):
        if isinstance(value, Extent):
            sizes.append(value)
        elif value == 0:
            if place >= len(old):
                return None
            sizes.append(old[place])
        else:
            sizes.append(None if value == -1 else Extent(value))
    rest = _product(old).without(_product([size for size in sizes if size is not None]))
    if rest is None:
        return None
    return [
        Entry(extent=size or rest, written=written if isinstance(value, int) and value > 0 else None)
        for size, (value, written) in zip(sizes, raw, strict=True)
    ]


def _entries(walk: Walk, index: int, node: NodeProto, place: int) -> list[tuple[int | Extent, tuple[int, int, int]]] | None:
    """Constants, or a Concat of constants and of sizes that were asked for one by one, as exporters write it."""
    constant = walk.constant(node, place)
    if constant is not None:
        return [(int(value), (index, place, entry)) for entry, value in enumerate(constant.reshape(-1).tolist())]
    maker = _maker(walk, node.input[place])
    if maker is None or len(walk.graph.uses[node.input[place]]) > 1:
        return None
    made = walk.graph.nodes[maker]
    if made.op_type == "Concat":
        parts = [_entries(walk, maker, made, part) for part in range(len(made.input))]
        return None if any(part is None for part in parts) else [entry for part in parts if part for entry in part]
    if made.op_type == "Unsqueeze":
        return _entries(walk, maker, made, 0)
    asked = _maker(walk, made.input[0]) if made.op_type == "Gather" else None
    wanted = walk.constant(made, 1) if made.op_type == "Gather" else None
    if asked is None or wanted is None or walk.graph.nodes[asked].op_type != "Shape":
        return None
    sizes = _extents(walk, walk.graph.nodes[asked].input[0])
    if sizes is None or walk.graph.nodes[asked].attribute:
        return None
    return [(sizes[int(axis)], (maker, 1, entry)) for entry, axis in enumerate(wanted.reshape(-1).tolist())]


def _maker(walk: Walk, tensor: str) -> int | None:
    return next((index for index, node in enumerate(walk.graph.nodes) if tensor in node.output), None)


RULES: Mapping[str, Rule] = {"Reshape": _reshape, "Flatten": _flatten}
