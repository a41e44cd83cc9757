"""Writes a network node by node, with random weights of a given seed; and what a model is to the benchmarks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

Array = NDArray[Any]
Inputs = Callable[[int, np.random.Generator], Mapping[str, Array]]
"""Random inputs for a batch of so many items."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model to predict and to measure. `extents` are the sizes of its dimensions besides the batch."""

    name: str
    path: Path
    inputs: Inputs
    extents: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Network:
    """A model in the making, as exporters write them: MatMul or Gemm with a bias, Conv with a BatchNormalization behind it."""

    random: np.random.Generator
    inputs: list[ValueInfoProto] = field(default_factory=list)
    nodes: list[NodeProto] = field(default_factory=list)
    weights: list[TensorProto] = field(default_factory=list)
    outputs: list[ValueInfoProto] = field(default_factory=list)

    def input(self, name: str, *shape: int | str, element: int = TensorProto.FLOAT) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, element, shape))
        return name

    def weight(self, values: Array) -> str:
        name = f"weight_{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def random_weight(self, *shape: int, inputs: int) -> str:
        """Scaled so that what passes keeps its size: `inputs` are summed to each output."""
        return self.weight((self.random.standard_normal(shape) / np.sqrt(inputs)).astype(np.float32))

    def integers(self, *values: int) -> str:
        return self.weight(np.array(values, np.int64))

    def index(self, value: int) -> str:
        return self.weight(np.array(value, np.int64))

    def scalar(self, value: float) -> str:
        return self.weight(np.array(value, np.float32))

    def add(self, operator: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        """Add a node and give the name of its first output."""
        names = [f"{operator.lower()}_{len(self.nodes)}_{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, domain=domain, **attributes))
        return names[0]

    def dense(self, last: str, inputs: int, outputs: int) -> str:
        """A fully connected layer over two axes."""
        return self.add("Gemm", last, self.random_weight(inputs, outputs, inputs=inputs), self.random_weight(outputs, inputs=1))

    def linear(self, last: str, inputs: int, outputs: int) -> str:
        """A fully connected layer over the last of several axes."""
        product = self.add("MatMul", last, self.random_weight(inputs, outputs, inputs=inputs))
        return self.add("Add", product, self.random_weight(outputs, inputs=1))

    def convolution(self, last: str, inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, groups: int = 1) -> str:
        """A convolution that keeps the image's size but for its stride, and a normalization behind it."""
        weight = self.random_weight(outputs, inputs // groups, kernel, kernel, inputs=kernel * kernel * inputs // groups)
        shape: dict[str, Any] = {"kernel_shape": [kernel] * 2, "pads": [kernel // 2] * 4, "strides": [stride] * 2}
        made = self.add("Conv", last, weight, group=groups, **shape)
        norm = (self.random.random((4, outputs)) + 0.5).astype(np.float32)
        return self.add("BatchNormalization", made, *(self.weight(values) for values in norm))

    def save(self, path: Path, last: str, shape: Sequence[int | str], element: int = TensorProto.FLOAT) -> Path:
        """Write the model, whose output is `last`, and check it."""
        self.nodes.append(helper.make_node("Identity", [last], ["output"]))
        self.outputs.append(helper.make_tensor_value_info("output", element, shape))
        model = self.model(path.stem)
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString())
        return path

    def output(self, name: str, last: str, *shape: int | str) -> None:
        """Have the model give the value `last` under this name."""
        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [name if known == last else known for known in names]
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def model(self, name: str) -> ModelProto:
        """What was added so far."""
        graph = helper.make_graph(self.nodes, name, self.inputs, self.outputs, self.weights)
        opsets = [helper.make_opsetid("", 17)]
        opsets += [helper.make_opsetid("ai.onnx.ml", 3)] if any(node.domain for node in self.nodes) else []
        return helper.make_model(graph, opset_imports=opsets, ir_version=9)


def new_network(seed: int) -> Network:
    return Network(np.random.default_rng(seed))


def normal(name: str, *shape: int) -> Inputs:
    """Normally distributed values: [batch, *shape]."""
    return lambda batch, random: {name: random.standard_normal((batch, *shape), np.float32)}
