"""Weights that a model computes from weights alone, as a bias that some exporters reshape, become plain weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infractl.optimizer.pruning.graph import PLAIN_DOMAINS, captured
from infractl.tensors import Tensor

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_FOLDED = (
    "Add",
    "Cast",
    "Concat",
    "Div",
    "Gather",
    "Mul",
    "Reshape",
    "Slice",
    "Sqrt",
    "Squeeze",
    "Sub",
    "Transpose",
    "Unsqueeze",
)
"""None of them makes much out of little."""


def fold(model: ModelProto) -> None:
    """Changes the main graph of a simplified model."""
    from onnx import numpy_helper

    graph = model.graph
    fed, held = {v.name for v in graph.input}, {v.name for v in graph.output}.union(*map(captured, graph.node))
    tensors = {tensor.name: tensor for tensor in graph.initializer if tensor.name not in fed}
    made: dict[str, Tensor] = {}
    kept = []
    for node in graph.node:
        if _folds(node) and all(name in made or name in tensors for name in node.input) and node.output[0] not in held:
            given = [made[name] if name in made else numpy_helper.to_array(tensors[name]) for name in node.input]
            made[node.output[0]] = _evaluated(model, node, given)
        else:
            kept.append(node)
    if made:
        read = {name for node in kept for name in node.input}
        graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in made.items() if name in read)
        del graph.node[:]
        graph.node.extend(kept)


def _folds(node: NodeProto) -> bool:
    return node.op_type in _FOLDED and node.domain in PLAIN_DOMAINS and all(node.input)


def _evaluated(model: ModelProto, node: NodeProto, given: list[Tensor]) -> Tensor:
    """By onnx's own reference."""
    import numpy as np
    from onnx import helper
    from onnx.reference import ReferenceEvaluator

    opsets = [opset for opset in model.opset_import if opset.domain in PLAIN_DOMAINS]
    inputs = [helper.make_empty_tensor_value_info(name) for name in dict.fromkeys(node.input)]
    graph = helper.make_graph([node], "fold", inputs, [helper.make_empty_tensor_value_info(node.output[0])])
    evaluator = ReferenceEvaluator(helper.make_model(graph, opset_imports=opsets))
    [found] = evaluator.run(None, dict(zip(node.input, given, strict=True)))
    return np.asarray(found)
