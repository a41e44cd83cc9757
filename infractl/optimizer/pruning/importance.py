"""How much each unit matters: the sum, over what reads it, of the weights' norm times the root mean square of what flows.

That is Wanda's measure (Sun et al. 2023, "A Simple and Effective Pruning Approach for Large Language Models", arXiv:2306.11695)
taken by unit instead of by weight. Without rows it is the norm of the weights that make the unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.activation import Probe, batches
from infractl.optimizer.pruning.channel import Ids
from infractl.optimizer.pruning.walk import Layer, Role, Walk
from infractl.optimizer.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto


MOST_ROWS = 2048
"""A root mean square is known long before."""
_AXES_ARE_AN_INPUT = 18
"""The opset from which ReduceSumSquare takes its axes as an input."""


def by_weight(walk: Walk) -> dict[int, float]:
    """By unit: the L2 norm of all weights and biases that make it."""
    squares: dict[int, float] = {}
    for slot in walk.slots:
        if slot.role is Role.makes:
            constant = walk.graph.constants[walk.graph.nodes[slot.node].input[slot.input]]
            _add(squares, walk, slot.ids, norms(constant, slot.axis) ** 2)
    return {unit: square**0.5 for unit, square in squares.items()}


def by_flow(walk: Walk, rows: Rows, threads: int) -> dict[int, float]:
    """By unit: the sum over its readers of ||W_j|| * rms(x_j)."""
    readers = [layer for layer in walk.layers if layer.read is not None]
    squares = _mean_squares(walk, readers, rows, threads)
    found: dict[int, float] = {}
    for layer in readers:
        weight = walk.graph.constants[walk.graph.nodes[layer.node].input[layer.weight]]
        if layer.read is not None:
            _add(found, walk, layer.read, norms(weight, layer.reads) * squares[layer.taken, layer.axis] ** 0.5)
    return found


def norms(constant: NDArray[np.generic], axis: int) -> NDArray[np.float64]:
    import numpy as np

    others = tuple(other for other in range(constant.ndim) if other != axis)
    norms: NDArray[np.float64] = np.sqrt(np.square(constant.astype(np.float64)).sum(axis=others))
    return norms


def _add(found: dict[int, float], walk: Walk, ids: Ids, values: NDArray[np.float64]) -> None:
    for unit, value in zip(walk.channels.units(ids).tolist(), values.tolist(), strict=True):
        found[unit] = found.get(unit, 0.0) + value


def _mean_squares(walk: Walk, readers: list[Layer], rows: Rows, threads: int) -> Mapping[tuple[str, int], NDArray[np.float64]]:
    """The sums are taken inside the graph: what leaves it is as long as there are channels."""
    import numpy as np

    places = sorted({(layer.taken, layer.axis) for layer in readers})
    model, names = _with_sums(walk, places)
    sums, sizes = {place: np.zeros(1) for place in places}, dict.fromkeys(places, 0)
    probe = Probe(model, names, threads)
    for batch in batches(model, rows, MOST_ROWS):
        found = probe.run(batch)
        for place, total, size in zip(places, found[::2], found[1::2], strict=True):
            sums[place] = sums[place] + total.astype(np.float64)
            sizes[place] += int(size)
    return {place: total * len(total) / max(sizes[place], 1) for place, total in sums.items()}


def _with_sums(walk: Walk, places: Sequence[tuple[str, int]]) -> tuple[ModelProto, list[str]]:
    """The model with two outputs for each place: the sum of squares by channel, and how many values there are in all."""
    import numpy as np
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.ModelProto()
    model.CopyFrom(walk.graph.model)
    names: list[str] = []
    for number, (tensor, axis) in enumerate(places):
        others = [other for other in range(walk.graph.rank(tensor) or 0) if other != axis]
        square, size, along = (f"infractl/{word}/{number}" for word in ("square", "size", "axes"))
        if walk.graph.opset >= _AXES_ARE_AN_INPUT:
            model.graph.initializer.append(numpy_helper.from_array(np.array(others, dtype=np.int64), along))
            reduce = helper.make_node("ReduceSumSquare", [tensor, along], [square], keepdims=0)
        else:
            reduce = helper.make_node("ReduceSumSquare", [tensor], [square], keepdims=0, axes=others)
        model.graph.node.extend([reduce, helper.make_node("Size", [tensor], [size])])
        names += [square, size]
    return model, names
