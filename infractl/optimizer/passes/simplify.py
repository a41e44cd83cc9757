"""What later passes build on: shapes of inner tensors, weights as initializers, an opset that has what they write.

It changes no answer. Nodes are not fused: the engine does that better for the machine it runs on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infractl.optimizer.passes.contract import Made, Work
from infractl.optimizer.passes.onnx_file import graphs, opset, read_model, refusing, write_model
from infractl.optimizer.passes.setting import only

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, TensorProto

LEAST_OPSET = 13
"""The first one in which QuantizeLinear takes a scale for each channel (ONNX's operator changelog)."""

_FIRST_IR_WITH_FREE_INITIALIZERS = 4
"""Before this version of the format an initializer had to be an input too (ONNX's IR specification)."""


class Simplify:
    name = "simplify"
    version = 1

    def run(self, work: Work) -> Made:
        """Raises PassRefusedError where the model cannot be read, or not be brought to a later opset."""
        only(work.settings)
        model, notes = simplified(read_model(work.model))
        return Made(model=write_model(model, work.scratch / "model.onnx"), notes=notes)


def simplified(model: ModelProto) -> tuple[ModelProto, tuple[str, ...]]:
    """The model and what was done to it. Raises PassRefusedError where it cannot be brought to a later opset."""
    was = opset(model)
    if 0 < was < LEAST_OPSET:
        model = _raised(model)
    constants = sum(_constants_to_initializers(graph) for graph in graphs(model.graph))
    model = with_shapes(model)
    notes = (
        f"opset {was} was raised to {opset(model)}" if opset(model) != was else "",
        f"{constants} constant nodes became initializers" if constants else "",
    )
    return model, tuple(filter(None, notes)) or ("there was nothing to simplify",)


def _raised(model: ModelProto) -> ModelProto:
    from onnx import version_converter

    _free_initializers(model)
    with refusing("opset"):
        return version_converter.convert_version(model, LEAST_OPSET)


def _free_initializers(model: ModelProto) -> None:
    """An old file lists its weights among its inputs only because it had to."""
    if model.ir_version < _FIRST_IR_WITH_FREE_INITIALIZERS:
        weights = {each.name for each in model.graph.initializer}
        inputs = [each for each in model.graph.input if each.name not in weights]
        del model.graph.input[:]
        model.graph.input.extend(inputs)
        model.ir_version = _FIRST_IR_WITH_FREE_INITIALIZERS


def _constants_to_initializers(graph: GraphProto) -> int:
    outputs = {output.name for output in graph.output}
    kept, made = [], []
    for node in graph.node:
        tensor = _constant(node) if node.op_type == "Constant" and node.output[0] not in outputs else None
        if tensor is None:
            kept.append(node)
        else:
            made.append(tensor)
    if made:
        del graph.node[:]
        graph.node.extend(kept)
        graph.initializer.extend(made)
    return len(made)


def _constant(node: NodeProto) -> TensorProto | None:
    """The tensor that a Constant node gives; None for what no initializer holds: a sparse one."""
    import numpy as np
    import onnx

    [attribute] = node.attribute
    if attribute.name == "value":
        tensor = onnx.TensorProto()
        tensor.CopyFrom(attribute.t)
        tensor.name = node.output[0]
        return tensor
    types = {"value_float": np.float32, "value_floats": np.float32, "value_int": np.int64, "value_ints": np.int64}
    if attribute.name not in types:
        return None
    value = onnx.helper.get_attribute_value(attribute)
    return onnx.numpy_helper.from_array(np.array(value, types[attribute.name]), node.output[0])


def with_shapes(model: ModelProto) -> ModelProto:
    """Shapes are a help to later passes: where inference fails, the model stays without them. Its own inputs and outputs stay."""
    import onnx

    try:
        inferred = onnx.shape_inference.infer_shapes(model, data_prop=True)
    except (onnx.shape_inference.InferenceError, ValueError, RuntimeError):
        return model
    del inferred.graph.input[:], inferred.graph.output[:]
    inferred.graph.input.extend(model.graph.input)
    inferred.graph.output.extend(model.graph.output)
    return inferred
