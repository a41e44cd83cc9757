"""Writes the small models that are timed, node by node. What is in them is up to the family's module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import prod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from onnx import NodeProto, TensorProto, ValueInfoProto

    from infractl.tensors import Tensor

_OPSET = 17
_IR_VERSION = 9
_DOMAINS = {"ai.onnx.ml": 3, "com.microsoft": 1}
_FIRST = "first"
_DRAWN = 2**16


@dataclass(slots=True)
class Graph:
    """A model in the making. `add` names each node's output, so that calls can be nested.

    What it gives back is the first element of what is handed to `finish`: an output of any size would be copied.
    """

    inputs: list[ValueInfoProto] = field(default_factory=list)
    nodes: list[NodeProto] = field(default_factory=list)
    weights: list[TensorProto] = field(default_factory=list)

    def input(self, shape: Sequence[int | str], element: str = "FLOAT") -> str:
        from onnx import TensorProto, helper

        name = f"x{len(self.inputs)}"
        self.inputs.append(helper.make_tensor_value_info(name, getattr(TensorProto, element), shape))
        return name

    def weight(self, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def add(self, operator: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> str:
        """Add a node and give the name of its first output."""
        from onnx import helper

        names = [f"n{len(self.nodes)}_{index}" for index in range(outputs)]
        self.nodes.append(helper.make_node(operator, list(inputs), names, domain=domain, **attributes))
        return names[0]

    def finish(self, last: str, element: str = "FLOAT") -> bytes:
        """The model's file."""
        import numpy as np
        from onnx import TensorProto, helper

        line = self.add("Reshape", last, self.weight(np.array([-1], np.int64)))
        ends = [self.weight(np.array([end], np.int64)) for end in (0, 1)]
        self.nodes.append(helper.make_node("Slice", [line, *ends], [_FIRST]))
        given = helper.make_tensor_value_info(_FIRST, getattr(TensorProto, element), [1])
        graph = helper.make_graph(self.nodes, "kernel", self.inputs, [given], self.weights)
        used = {node.domain for node in self.nodes} & set(_DOMAINS)
        opsets = [helper.make_opsetid("", _OPSET), *(helper.make_opsetid(domain, _DOMAINS[domain]) for domain in sorted(used))]
        return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION).SerializeToString())


@cache
def empty() -> bytes:
    """A model that computes nothing, ended as all of them are: what is taken off their times."""
    graph = Graph()
    return graph.finish(graph.input(["batch", 4]))


def random_values(*shape: int, seed: int = 0) -> NDArray[Any]:
    """Small numbers of both signs: products of them neither grow nor become denormal. Large arrays repeat themselves."""
    import numpy as np

    drawn = np.random.default_rng([seed, *shape]).standard_normal(min(prod(shape), _DRAWN), dtype=np.float32)
    values: NDArray[Any] = np.resize(drawn, shape)
    return values / np.float32(max(shape[-2] if len(shape) > 1 else 1, 1) ** 0.5)


def fed(*shapes: Sequence[int]) -> Mapping[str, Tensor]:
    """Random inputs of these shapes, by name."""
    return {f"x{index}": random_values(*shape, seed=index) for index, shape in enumerate(shapes)}
