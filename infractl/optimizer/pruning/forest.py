"""Tree ensembles as ONNX writes them: trees can be told apart, taken out and weighed anew. All of it is done on whole arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from infractl.optimizer.pruning.graph import attribute, up_to
from infractl.tensors import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import AttributeProto, ModelProto, NodeProto

Weights: TypeAlias = "NDArray[np.float64]"

DOMAIN = "ai.onnx.ml"
_LEAVES = {"TreeEnsembleClassifier": "class", "TreeEnsembleRegressor": "target"}
"""How the attributes that say what leaves give begin, by operator."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """One ensemble of a model. `trees` are its trees' ids in the order in which they are written.

    `of_node` and `of_leaf` say which of them each node and each leaf's weight is of, `outputs` which output each weight goes to.
    """

    index: int
    leaves: str
    trees: NDArray[np.int64]
    of_node: NDArray[np.int64]
    of_leaf: NDArray[np.int64]
    outputs: NDArray[np.int64]
    weights: Weights
    averages: bool
    transformed: bool
    node: NodeProto

    @property
    def width(self) -> int:
        """How many outputs there are."""
        return int(self.outputs.max()) + 1


def forests(model: ModelProto) -> list[Forest]:
    """Those of the main graph that add up or average what their trees say."""
    return [
        _forest(index, node)
        for index, node in enumerate(model.graph.node)
        if node.domain == DOMAIN
        and node.op_type in _LEAVES
        and attribute(node, "aggregate_function", "SUM") in {"SUM", "AVERAGE"}
        and any(given.name == "nodes_treeids" for given in node.attribute)
    ]


def _forest(index: int, node: NodeProto) -> Forest:
    import numpy as np

    leaves = _LEAVES[node.op_type]
    nodes, of_leaf = _integers(node, "nodes_treeids"), _integers(node, f"{leaves}_treeids")
    _, first = np.unique(nodes, return_index=True)
    trees = nodes[np.sort(first)]
    place = np.zeros(int(trees.max()) + 1, dtype=np.int64)
    place[trees] = np.arange(len(trees))
    return Forest(
        index=index,
        leaves=leaves,
        trees=trees,
        of_node=place[nodes],
        of_leaf=place[of_leaf],
        outputs=_integers(node, f"{leaves}_ids"),
        weights=_weights(node, leaves),
        averages=attribute(node, "aggregate_function", "SUM") == "AVERAGE",
        transformed=attribute(node, "post_transform", "NONE") != "NONE",
        node=node,
    )


def with_trees(forest: Forest, factors: Mapping[int, float]) -> NodeProto:
    """The ensemble of these trees alone, by their place, their weights times these factors."""
    import numpy as np

    scale = np.zeros(len(forest.trees))
    scale[list(factors)] = list(factors.values())
    stays = np.isin(np.arange(len(forest.trees)), list(factors))
    nodes, leaves = stays[forest.of_node], stays[forest.of_leaf]
    made = _copy(forest.node)
    for given in made.attribute:
        if given.name.startswith("nodes_"):
            _put(given, _values(given)[nodes])
        elif given.name.startswith(f"{forest.leaves}_weights"):
            _put(given, (forest.weights * scale[forest.of_leaf])[leaves])
        elif given.name.startswith(f"{forest.leaves}_"):
            _put(given, _values(given)[leaves])
    return made


def apart(model: ModelProto, forest: Forest) -> tuple[ModelProto, str]:
    """A model that gives [rows, trees * width]: what each tree adds to each output, by tree. And the name of what it gives."""
    from onnx import helper

    part = up_to(model, [forest.node.input[0]])
    node = part.graph.node.add()
    node.CopyFrom(forest.node)
    node.op_type, name = "TreeEnsembleRegressor", "infractl/apart"
    kept = [given for given in forest.node.attribute if given.name.startswith("nodes_")]
    del node.attribute[:], node.output[:]
    node.output.append(name)
    node.attribute.extend(kept)
    targets = {
        "target_treeids": forest.trees[forest.of_leaf],
        "target_nodeids": _integers(forest.node, f"{forest.leaves}_nodeids"),
        "target_ids": forest.of_leaf * forest.width + forest.outputs,
    }
    node.attribute.extend(helper.make_attribute(key, value.tolist()) for key, value in targets.items())
    node.attribute.append(helper.make_attribute("n_targets", len(forest.trees) * forest.width))
    weights = [given for given in forest.node.attribute if given.name.startswith(f"{forest.leaves}_weights")]
    for given in weights:
        copied = node.attribute.add()
        copied.CopyFrom(given)
        copied.name = given.name.replace(forest.leaves, "target", 1)
    del part.graph.output[:]
    part.graph.output.add().name = name
    return part, name


def _copy(node: NodeProto) -> NodeProto:
    import onnx

    made = onnx.NodeProto()
    made.CopyFrom(node)
    return made


def _given(node: NodeProto, name: str) -> AttributeProto:
    found: AttributeProto = next(given for given in node.attribute if given.name == name)
    return found


def _integers(node: NodeProto, name: str) -> NDArray[np.int64]:
    import numpy as np

    return np.array(_given(node, name).ints, dtype=np.int64)


def _weights(node: NodeProto, leaves: str) -> Weights:
    import numpy as np

    given = next(given for given in node.attribute if given.name.startswith(f"{leaves}_weights"))
    return _values(given).astype(np.float64)


def _values(given: AttributeProto) -> Tensor:
    """An attribute that is a list, as an array."""
    import numpy as np
    import onnx
    from onnx import numpy_helper

    match given.type:
        case onnx.AttributeProto.TENSOR:
            return numpy_helper.to_array(given.t)
        case onnx.AttributeProto.INTS:
            return np.array(given.ints, dtype=np.int64)
        case onnx.AttributeProto.FLOATS:
            return np.array(given.floats, dtype=np.float32)
        case _:
            return np.array(list(given.strings), dtype=np.object_)


def _put(given: AttributeProto, values: Tensor) -> None:
    import onnx
    from onnx import numpy_helper

    match given.type:
        case onnx.AttributeProto.TENSOR:
            given.t.CopyFrom(numpy_helper.from_array(values.astype(numpy_helper.to_array(given.t).dtype), given.t.name))
        case onnx.AttributeProto.INTS:
            given.ints[:] = values.tolist()
        case onnx.AttributeProto.FLOATS:
            given.floats[:] = values.tolist()
        case _:
            given.strings[:] = values.tolist()
