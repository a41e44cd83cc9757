"""What tests of several rooms share: small real models, made with onnx.helper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

MakeMlp = Callable[..., Path]


@pytest.fixture(scope="session")
def make_mlp() -> MakeMlp:
    """Writes a multilayer perceptron: `features` FP32 [batch, sizes[0]] → `scores` FP32 [batch, sizes[-1]].

    Another seed gives other weights. `batch` is the first axis: a name, None for a dynamic axis without one, or a number
    for a model that takes only that many items.
    """
    return _make_mlp


def _make_mlp(path: Path, sizes: Sequence[int] = (30, 64, 2), seed: int = 0, batch: str | int | None = "batch") -> Path:
    random = np.random.default_rng(seed)
    nodes, weights, last = [], [], "features"
    for layer, (wide, narrow) in enumerate(pairwise(sizes)):
        final = layer == len(sizes) - 2
        matrix = (random.standard_normal((wide, narrow)) / np.sqrt(wide)).astype(np.float32)
        bias = random.standard_normal(narrow).astype(np.float32)
        weights += [numpy_helper.from_array(matrix, f"weight_{layer}"), numpy_helper.from_array(bias, f"bias_{layer}")]
        product = "scores" if final else f"product_{layer}"
        nodes.append(helper.make_node("Gemm", [last, f"weight_{layer}", f"bias_{layer}"], [product]))
        if not final:
            nodes.append(helper.make_node("Relu", [product], [f"hidden_{layer}"]))
            last = f"hidden_{layer}"
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [batch, sizes[0]])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [batch, sizes[-1]])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
