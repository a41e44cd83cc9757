"""Fits every layer behind a cut again, so that it gives from what is left what the original gave: least squares, no training.

In the order of the graph, each layer's weights W and bias b minimise ||X W + b - Y||^2 + l ||W - W_cut||^2, where X is what flows
into it in the pruned model so far, fitted layers before it included, and Y what the original gives at the same places.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infractl.optimizer.pruning.activation import Probe, batches
from infractl.optimizer.pruning.channel import kept
from infractl.optimizer.pruning.graph import captured
from infractl.optimizer.pruning.patch import patches, sample, window
from infractl.optimizer.pruning.sums import Matrix, Sums
from infractl.optimizer.pruning.walk import Layer, Walk
from infractl.optimizer.rows import Rows
from infractl.tensors import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto

DAMPING = 1e-3
LEAST_ROWS = 256
"""Of the data: as many at least are looked at, however many places of one could be sampled."""
WIDEST = 8192
"""Inputs of a layer. The sums of a wider one would take more than half a GiB."""
_FITTED = ("Conv", "Gemm", "MatMul")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """So many places are sampled for each layer, all rows together."""

    rows: Rows
    places: int
    threads: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A layer's error as a share of the variance of what it gave, in the model so far: as it was cut, and fitted."""

    layer: str
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bias:
    """Where a layer's bias stands: a place of its own, empty or not, or (`follows`) the constant of the Add behind a MatMul."""

    node: int
    input: int
    value: Matrix
    follows: bool


def behind(walk: Walk, removed: Collection[int]) -> list[Layer]:
    """The layers that lost an input, or whose input is changed by one that did, in the order of the graph."""
    losing = {
        layer.node
        for layer in walk.layers
        if layer.read is not None and len(kept(layer.read, walk.channels, removed)) < len(layer.read)
    }
    changed: set[str] = set()
    nodes: set[int] = set()
    for index, node in enumerate(walk.graph.nodes):
        if index in losing or changed.intersection((*node.input, *captured(node))):
            nodes.add(index)
            changed.update(node.output)
    return [layer for layer in walk.layers if layer.node in nodes]


def refit(walk: Walk, model: ModelProto, removed: Collection[int], effort: Effort) -> tuple[list[Fit], list[str]]:
    """Changes `model`, which was cut. The notes tell of layers that were left as they were cut."""
    fits, notes = [], []
    for number, layer in enumerate(behind(walk, removed)):
        node = model.graph.node[layer.node]
        weight = _constant(model, node.input[layer.weight])
        columns = weight.size // weight.shape[layer.makes]
        if node.op_type not in _FITTED:
            notes.append(f"{layer.given} is not fitted: it is a {node.op_type}")
        elif columns > WIDEST:
            notes.append(f"{layer.given} is not fitted: it reads {columns} values at once, more than {WIDEST}")
        else:
            fits.append(_fit(walk, model, layer, removed, effort, number))
    return fits, notes


def _fit(walk: Walk, model: ModelProto, layer: Layer, removed: Collection[int], effort: Effort, number: int) -> Fit:
    import numpy as np

    weight = _constant(model, model.graph.node[layer.node].input[layer.weight])
    start = (weight.reshape(len(weight), -1).T if layer.makes == 0 else weight).astype(np.float64)
    bias = _bias(walk, model, layer, start.shape[1])
    sums = _sums(walk, model, layer, removed, effort, number)
    fitted, shift = sums.solve(start, DAMPING, shifted=bias is not None)
    held = np.zeros(start.shape[1]) if bias is None or bias.follows else bias.value
    whole = fitted.T.reshape(weight.shape) if layer.makes == 0 else fitted
    _write(model, layer.node, layer.weight, whole.astype(weight.dtype))
    if bias is not None:
        _write(model, bias.node, bias.input, (bias.value + shift if bias.follows else shift).astype(weight.dtype))
    return Fit(layer=layer.given, before=sums.error(start, held), after=sums.error(fitted, shift))


def _sums(walk: Walk, model: ModelProto, layer: Layer, removed: Collection[int], effort: Effort, number: int) -> Sums:
    """Of the layer's input in the pruned model and its output in the original, at the same places of the same rows."""
    import numpy as np

    node = model.graph.node[layer.node]
    weight = _constant(model, node.input[layer.weight])
    random = np.random.default_rng((effort.seed, number))
    taking = Probe(model, [layer.taken], effort.threads)
    giving = Probe(walk.graph.model, [layer.given], effort.threads)
    left = kept(layer.made, walk.channels, removed)
    sums = Sums(weight.size // weight.shape[layer.makes], len(left))
    seen, most = 0, len(effort.rows)
    for batch in batches(model, effort.rows, len(effort.rows)):
        (taken,), (given,) = taking.run(batch), giving.run(batch)
        given = np.moveaxis(given, layer.axis, -1)
        most = min(most, max(LEAST_ROWS, -(-effort.places * len(batch) // max(given[..., 0].size, 1))))
        places = sample(given.shape[:-1], -(-effort.places * len(batch) // most), random)
        sums.add(_rows(taken, layer, places, node, weight), given[places][:, left])
        if (seen := seen + len(batch)) >= most:
            break
    return sums


def _rows(taken: Tensor, layer: Layer, places: tuple[NDArray[np.int64], ...], node: NodeProto, weight: Tensor) -> Tensor:
    if node.op_type == "Conv":
        return patches(taken, window(node, weight, taken.shape[2:]), places)
    return taken[places]


def _bias(walk: Walk, model: ModelProto, layer: Layer, width: int) -> Bias | None:
    """None where there is none that could be moved: a MatMul without an Add, or a bias that is computed."""
    import numpy as np

    node, place, follows = model.graph.node[layer.node], 2, False
    index = layer.node
    if node.op_type == "MatMul":
        found = _add_behind(walk, layer)
        if found is None:
            return None
        (index, place), follows = found, True
    elif len(node.input) < 3 or not node.input[2]:
        return Bias(node=index, input=2, value=np.zeros(width), follows=False)
    name = model.graph.node[index].input[place]
    constants = {tensor.name for tensor in model.graph.initializer}
    value = _constant(model, name) if name in constants else None
    if value is None or value.size not in (1, width) or (value.size > 1 and value.shape[-1] != width):
        return None
    return Bias(node=index, input=place, value=np.broadcast_to(value.reshape(-1), (width,)).astype(np.float64), follows=follows)


def _add_behind(walk: Walk, layer: Layer) -> tuple[int, int] | None:
    """The constant's place in the Add that alone reads what a MatMul gives."""
    readers = walk.graph.uses.get(layer.given, ())
    if len(readers) != 1 or layer.given in walk.graph.outputs | walk.graph.captured:
        return None
    ((index, place),) = readers
    adds = walk.graph.nodes[index].op_type == "Add" and walk.graph.nodes[index].input[1 - place] in walk.graph.constants
    return (index, 1 - place) if adds else None


def _constant(model: ModelProto, name: str) -> Tensor:
    from onnx import numpy_helper

    found: Tensor = numpy_helper.to_array(next(tensor for tensor in model.graph.initializer if tensor.name == name))
    return found


def _write(model: ModelProto, node: int, place: int, value: Tensor) -> None:
    """Under a name of its own: another node may have the same constant."""
    from onnx import numpy_helper

    inputs = model.graph.node[node].input
    while len(inputs) <= place:
        inputs.append("")
    name = f"{inputs[place]}/fit/{node}.{place}"
    inputs[place] = name
    model.graph.initializer.append(numpy_helper.from_array(value, name))
