"""A BERT encoder that gives one vector for each sentence, as one ONNX graph, written node by node from trained weights.

`ids` and `mask`, INT64 [batch, sequence] → `embedding`, FP32 [batch, hidden], of length one. A node bears the name of the part
that it belongs to, by which `infractl profile` groups it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

Weights = Mapping[str, NDArray[np.float32]]

MASKED = -10_000.0
"""Added to the attention that is paid to padding: its exponential is 0."""


@dataclass(slots=True)
class Graph:
    """Nodes and weights in the making. `scope` is the part that the next nodes belong to."""

    weights: Weights
    scope: str = ""
    nodes: list[NodeProto] = field(default_factory=list)
    constants: dict[str, TensorProto] = field(default_factory=dict)

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node and give its output's name."""
        name = f"{self.scope}/{operator}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output or name], name=name, **attributes))
        return str(self.nodes[-1].output[0])

    def constant(self, values: Any, kind: type[np.generic]) -> str:
        array = np.array(values, kind)
        name = f"{kind.__name__}:{array.tolist()}"
        self.constants.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def integers(self, *values: int) -> str:
        return self.constant(values, np.int64)

    def number(self, value: float) -> str:
        return self.constant(value, np.float32)

    def weight(self, name: str, *, transposed: bool = False) -> str:
        values = self.weights[name]
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values.T if transposed else values), name)
        return name

    def linear(self, flow: str, part: str) -> str:
        """A fully connected layer. Its weights are stored as [outputs, inputs], and multiplied with from the right."""
        product = self.add("MatMul", flow, self.weight(f"{part}.weight", transposed=True))
        return self.add("Add", product, self.weight(f"{part}.bias"))

    def normalized(self, flow: str, part: str, epsilon: float) -> str:
        scale, bias = self.weight(f"{part}.weight"), self.weight(f"{part}.bias")
        return self.add("LayerNormalization", flow, scale, bias, axis=-1, epsilon=epsilon)


def encoder(config: Mapping[str, Any], weights: Weights) -> onnx.ModelProto:
    """The model that a Hugging Face config.json of the type `bert` and its weights describe, and a mean over its tokens."""
    graph = Graph(weights)
    graph.scope = "/embeddings"
    flow = embedded(graph, config)
    graph.scope = "/mask"
    mask = graph.add("Cast", "mask", to=TensorProto.FLOAT)
    ignored = graph.add("Mul", graph.add("Sub", graph.number(1), mask), graph.number(MASKED))
    ignored = graph.add("Unsqueeze", ignored, graph.integers(1, 2))
    for layer in range(config["num_hidden_layers"]):
        part = f"encoder.layer.{layer}"
        graph.scope = f"/encoder/layer.{layer}/attention"
        flow = attended(graph, flow, ignored, f"{part}.attention", config)
        graph.scope = f"/encoder/layer.{layer}/output"
        flow = transformed(graph, flow, part, config)
    graph.scope = "/pooling"
    pooled(graph, flow, mask)
    return model(graph, config["hidden_size"])


def embedded(graph: Graph, config: Mapping[str, Any]) -> str:
    """The sum of what a token, its place and the one segment that there is stand for, normalized."""
    tokens = graph.add("Gather", graph.weight("embeddings.word_embeddings.weight"), "ids")
    length = graph.add("Shape", "ids", start=1, end=2)
    places = graph.weight("embeddings.position_embeddings.weight")
    places = graph.add("Slice", places, graph.integers(0), length, graph.integers(0))
    segment = graph.add("Gather", graph.weight("embeddings.token_type_embeddings.weight"), graph.constant(0, np.int64))
    flow = graph.add("Add", graph.add("Add", tokens, segment), places)
    return graph.normalized(flow, "embeddings.LayerNorm", config["layer_norm_eps"])


def attended(graph: Graph, flow: str, ignored: str, part: str, config: Mapping[str, Any]) -> str:
    """Each token gathers from all others, in several heads side by side; added to what it was."""
    heads = config["num_attention_heads"]
    width = config["hidden_size"] // heads

    def in_heads(name: str, order: Sequence[int]) -> str:
        split = graph.add("Reshape", graph.linear(flow, f"{part}.self.{name}"), graph.integers(0, 0, heads, width))
        return graph.add("Transpose", split, perm=order)

    query, value = (in_heads(name, (0, 2, 1, 3)) for name in ("query", "value"))
    scores = graph.add("MatMul", query, in_heads("key", (0, 2, 3, 1)))
    scores = graph.add("Add", graph.add("Div", scores, graph.number(np.sqrt(width))), ignored)
    gathered = graph.add("MatMul", graph.add("Softmax", scores, axis=-1), value)
    joined = graph.add("Reshape", graph.add("Transpose", gathered, perm=(0, 2, 1, 3)), graph.integers(0, 0, heads * width))
    added = graph.add("Add", graph.linear(joined, f"{part}.output.dense"), flow)
    return graph.normalized(added, f"{part}.output.LayerNorm", config["layer_norm_eps"])


def transformed(graph: Graph, flow: str, part: str, config: Mapping[str, Any]) -> str:
    """Two layers for each token by itself, with the Gaussian error linear unit between them; added to what it was."""
    wide = graph.linear(flow, f"{part}.intermediate.dense")
    error = graph.add("Erf", graph.add("Div", wide, graph.number(np.sqrt(2))))
    active = graph.add("Mul", graph.add("Mul", wide, graph.add("Add", error, graph.number(1))), graph.number(0.5))
    added = graph.add("Add", graph.linear(active, f"{part}.output.dense"), flow)
    return graph.normalized(added, f"{part}.output.LayerNorm", config["layer_norm_eps"])


def pooled(graph: Graph, flow: str, mask: str) -> str:
    """The mean of the tokens that are no padding, brought to length one."""
    shares = graph.add("Unsqueeze", mask, graph.integers(-1))
    total = graph.add("ReduceSum", graph.add("Mul", flow, shares), graph.integers(1), keepdims=0)
    count = graph.add("Max", graph.add("ReduceSum", mask, graph.integers(1), keepdims=1), graph.number(1))
    return graph.add("LpNormalization", graph.add("Div", total, count), output="embedding", axis=1, p=2)


def model(graph: Graph, hidden: int) -> onnx.ModelProto:
    tokens = ["batch", "sequence"]
    made = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "sentence-encoder",
            [helper.make_tensor_value_info(name, TensorProto.INT64, tokens) for name in ("ids", "mask")],
            [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", hidden])],
            list(graph.constants.values()),
        ),
        # Opset 17 and IR 8 are old enough for every ONNX Runtime of the last years.
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.checker.check_model(made, full_check=True)
    return made
