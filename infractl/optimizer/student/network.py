"""A student as an ONNX file: layers and their weights inside of the given model's inputs and outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infractl.optimizer.passes.onnx_file import write_model
from infractl.optimizer.student.shape import Layer, LayerKind
from infractl.optimizer.student.terms import Form, Terms
from infractl.tensors import Dtype, Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto, TensorProto

Weights = Mapping[str, Tensor]
"""By the layer's position: `0.weight` (a conv's [outputs, inputs, kernel, kernel], a dense one's [inputs, outputs]), `0.bias`."""

_OPSET = 17


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """A student learns from `(input - input_mean) / input_scale`, by feature or with one number, and answers in the same way."""

    input_mean: NDArray[np.float64]
    input_scale: NDArray[np.float64]
    output_mean: NDArray[np.float64]
    output_scale: NDArray[np.float64]


def write_student(path: Path, given: ModelProto, terms: Terms, layers: Sequence[Layer], weights: Weights) -> Path:
    """With the inputs and outputs of `given`, as they are declared. Raises PassRefusedError."""
    from onnx import helper

    graph = _Graph()
    last = _taken(graph, terms)
    final = max(position for position, layer in enumerate(layers) if layer.kind is LayerKind.dense)
    for position, layer in enumerate(layers):
        last = _layer(graph, last, position, layer, weights)
        if layer.kind is LayerKind.conv or (layer.kind is LayerKind.dense and position < final):
            last = graph.add("Relu", last)
    _answered(graph, last, terms)
    initializers = {tensor.name for tensor in given.graph.initializer}
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "student",
            [each for each in given.graph.input if each.name not in initializers],
            list(given.graph.output),
            graph.weights,
        ),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=8,
        producer_name="infractl",
    )
    return write_model(made, path)


def random_weights(layers: Sequence[Layer], seed: int) -> Weights:
    """To find out how long a student takes, which its weights don't change."""
    import numpy as np

    random = np.random.default_rng(seed)
    weights: dict[str, Tensor] = {}
    for position, layer in enumerate(layers):
        if layer.outputs:
            kernel = (layer.outputs, layer.inputs, layer.kernel, layer.kernel)
            shape = kernel if layer.kind is LayerKind.conv else (layer.inputs, layer.outputs)
            weights[f"{position}.weight"] = (random.standard_normal(shape) / layer.inputs).astype(np.float32)
            weights[f"{position}.bias"] = np.zeros(layer.outputs, np.float32)
    return weights


def unscaled(layers: Sequence[Layer], weights: Weights, scaling: Scaling) -> Weights:
    """The same student for inputs and outputs as they are: both scalings go into its first and its last layer.

    A convolution's input has no mean but 0, which its padding is.
    """
    import numpy as np

    folded = {name: np.asarray(values, np.float64) for name, values in weights.items()}
    places = [position for position, layer in enumerate(layers) if layer.outputs]
    first, last = places[0], places[-1]
    weight = folded[f"{first}.weight"]
    if layers[first].kind is LayerKind.conv:
        folded[f"{first}.weight"] = weight / scaling.input_scale
    else:
        weight = weight / np.reshape(scaling.input_scale, (-1, 1))
        folded[f"{first}.weight"] = weight
        folded[f"{first}.bias"] = folded[f"{first}.bias"] - np.reshape(scaling.input_mean, -1) @ weight
    folded[f"{last}.weight"] = folded[f"{last}.weight"] * scaling.output_scale
    folded[f"{last}.bias"] = folded[f"{last}.bias"] * scaling.output_scale + scaling.output_mean
    return {name: values.astype(np.float32) for name, values in folded.items()}


@dataclass(slots=True)
class _Graph:
    nodes: list[NodeProto] = field(default_factory=list)
    weights: list[TensorProto] = field(default_factory=list)

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        from onnx import helper

        # No name of the given model starts so: an output's could be any word.
        name = output or f"student.{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def constant(self, values: Tensor) -> str:
        from onnx import numpy_helper

        name = f"student.weight.{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name


def _taken(graph: _Graph, terms: Terms) -> str:
    from onnx import TensorProto

    last = terms.input.name
    if terms.input.dtype is not Dtype.float32:
        last = graph.add("Cast", last, to=TensorProto.FLOAT)
    return graph.add("Transpose", last, perm=[0, 3, 1, 2]) if terms.channels_last else last


def _layer(graph: _Graph, last: str, position: int, layer: Layer, weights: Weights) -> str:
    if layer.kind is LayerKind.flatten:
        return graph.add("Flatten", last)
    if layer.kind is LayerKind.pool:
        return graph.add("GlobalAveragePool", last)
    constants = [graph.constant(weights[f"{position}.{name}"]) for name in ("weight", "bias")]
    if layer.kind is LayerKind.dense:
        return graph.add("Gemm", last, *constants)
    margin = [layer.kernel // 2] * 4
    return graph.add("Conv", last, *constants, kernel_shape=[layer.kernel] * 2, pads=margin, strides=[layer.stride] * 2)


def _answered(graph: _Graph, last: str, terms: Terms) -> None:
    from onnx import TensorProto

    if terms.label is not None:
        assert terms.classes is not None
        place = graph.add("ArgMax", last, axis=1, keepdims=0)
        graph.add("Gather", graph.constant(_plain(terms.classes)), place, output=terms.label.name)
    ends: dict[Form, tuple[str, dict[str, Any]]] = {Form.probabilities: ("Softmax", {"axis": 1}), Form.shares: ("Sigmoid", {})}
    operator, attributes = ends.get(terms.form, ("Identity", {}))
    types = {Dtype.float16: TensorProto.FLOAT16, Dtype.float64: TensorProto.DOUBLE}
    if terms.scores.dtype not in types:
        graph.add(operator, last, output=terms.scores.name, **attributes)
        return
    graph.add("Cast", graph.add(operator, last, **attributes), output=terms.scores.name, to=types[terms.scores.dtype])


def _plain(classes: Tensor) -> Tensor:
    """Texts as Python's, which is how ONNX's library takes them."""
    return classes.astype(object) if classes.dtype.kind == "U" else classes
