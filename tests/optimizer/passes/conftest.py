"""Tiny models of three sorts, made here from a seed, and the work that a pass is given on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from infractl.optimizer.passes.contract import Work
from infractl.optimizer.rows import Rows

Array = NDArray[Any]
MakeWork = Callable[..., Work]
Answers = Callable[[Path, Rows], Array]


@pytest.fixture
def dense(tmp_path: Path) -> Path:
    """Three Gemms as PyTorch exports them, weights transposed: `x` FP32 [n, 64] → `y` [n, 10]."""
    random, nodes, weights, last = np.random.default_rng(0), [], [], "x"
    for layer, (wide, narrow) in enumerate([(64, 128), (128, 128), (128, 10)]):
        weights += [
            tensor(f"w{layer}", random.standard_normal((narrow, wide)) / np.sqrt(wide)),
            tensor(f"b{layer}", random.standard_normal(narrow) / 10),
        ]
        product = "y" if layer == 2 else f"p{layer}"
        nodes.append(helper.make_node("Gemm", [last, f"w{layer}", f"b{layer}"], [product], transB=1))
        if layer < 2:
            nodes.append(helper.make_node("Relu", [product], [last := f"h{layer}"]))
    return saved(tmp_path / "dense.onnx", nodes, weights, ["n", 64], ["n", 10])


@pytest.fixture
def outlying(dense: Path) -> Path:
    """The dense net with one hidden unit that is large, and rarely so: one step size for all of them suits none."""
    model = onnx.load(dense)
    for each in model.graph.initializer:
        values = numpy_helper.to_array(each).copy()
        match each.name:
            case "w0":
                values[0] *= 3000
            case "b0":
                values[0] = -3000 * 2.4
            case "w1":
                values[:, 0] /= 3000
        each.CopyFrom(tensor(each.name, values))
    path = dense.with_name("outlying.onnx")
    onnx.save(model, path)
    return path


@pytest.fixture
def attention(tmp_path: Path) -> Path:
    """A transformer's block, then a head: `x` FP32 [n, 8, 32] → `y` [n, 10]. Its products are MatMuls, a scale is a Constant."""
    random, width = np.random.default_rng(1), 32
    weights = [
        tensor(name, random.standard_normal(shape) / np.sqrt(shape[0]))
        for name, shape in {
            "query": (width, width),
            "key": (width, width),
            "value": (width, width),
            "out": (width, width),
            "up": (width, 4 * width),
            "down": (4 * width, width),
            "head": (width, 10),
        }.items()
    ]
    weights += [tensor("gain", np.ones(width)), tensor("shift", np.zeros(width)), ints("axes", [1])]
    node = helper.make_node
    nodes = [
        node("Constant", [], ["scale"], value_float=width**-0.5),
        node("MatMul", ["x", "query"], ["q"]),
        node("MatMul", ["x", "key"], ["k"]),
        node("MatMul", ["x", "value"], ["v"]),
        node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        node("MatMul", ["q", "kt"], ["scores"]),
        node("Mul", ["scores", "scale"], ["scaled"]),
        node("Softmax", ["scaled"], ["shares"], axis=-1),
        node("MatMul", ["shares", "v"], ["mixed"]),
        node("MatMul", ["mixed", "out"], ["projected"]),
        node("Add", ["x", "projected"], ["stream"]),
        node("LayerNormalization", ["stream", "gain", "shift"], ["normed"], axis=-1),
        node("MatMul", ["normed", "up"], ["wide"]),
        node("Relu", ["wide"], ["active"]),
        node("MatMul", ["active", "down"], ["narrow"]),
        node("Add", ["normed", "narrow"], ["second"]),
        node("ReduceMean", ["second", "axes"], ["pooled"], keepdims=0),
        node("MatMul", ["pooled", "head"], ["y"]),
    ]
    return saved(tmp_path / "attention.onnx", nodes, weights, ["n", 8, 32], ["n", 10], opset=18)


@pytest.fixture
def convolutions(tmp_path: Path) -> Path:
    """Three convolutions with batch norms in opset 11, weights in Constant nodes: `x` FP32 [n, 3, 16, 16] → `y` [n, 10]."""
    random, nodes, last = np.random.default_rng(2), [], "x"
    for layer, (narrow, wide) in enumerate([(3, 16), (16, 32), (32, 32)]):
        kernel = tensor(f"w{layer}", random.standard_normal((wide, narrow, 3, 3)) / np.sqrt(9 * narrow))
        norm = [tensor(f"{name}{layer}", random.uniform(0.5, 1.5, wide)) for name in ("gain", "shift", "mean", "var")]
        nodes += [helper.make_node("Constant", [], [each.name], value=each) for each in (kernel, *norm)]
        nodes += [
            helper.make_node("Conv", [last, f"w{layer}"], [f"c{layer}"], pads=[1] * 4, strides=[1 + layer % 2] * 2),
            helper.make_node("BatchNormalization", [f"c{layer}", *(each.name for each in norm)], [f"n{layer}"]),
            helper.make_node("Relu", [f"n{layer}"], [last := f"h{layer}"]),
        ]
    nodes += [
        helper.make_node("GlobalAveragePool", [last], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "head", "bias"], ["y"]),
    ]
    weights = [tensor("head", random.standard_normal((32, 10))), tensor("bias", random.standard_normal(10) / 10)]
    return saved(tmp_path / "convolutions.onnx", nodes, weights, ["n", 3, 16, 16], ["n", 10], opset=11)


def tensor(name: str, values: Array) -> onnx.TensorProto:
    return numpy_helper.from_array(np.asarray(values, np.float32), name)


def ints(name: str, values: list[int]) -> onnx.TensorProto:
    return numpy_helper.from_array(np.array(values, np.int64), name)


def saved(
    path: Path,
    nodes: list[onnx.NodeProto],
    weights: list[onnx.TensorProto],
    taken: list[int | str],
    given: list[int | str],
    opset: int = 17,
) -> Path:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, taken)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, given)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


@pytest.fixture
def make_work(tmp_path: Path) -> MakeWork:
    """Work on a model with rows of noise from a seed; each call has a scratch directory of its own."""
    calls = iter(range(1000))

    def make(model: Path, settings: Mapping[str, Any] | None = None, rows: int = 64) -> Work:
        scratch = tmp_path / f"scratch{next(calls)}"
        scratch.mkdir()
        return Work(
            model=model,
            given=model,
            calibration=noise(model, rows, seed=3),
            search=noise(model, rows, seed=4),
            settings=settings or {},
            seed=0,
            threads=1,
            scratch=scratch,
        )

    return make


def noise(model: Path, rows: int, seed: int) -> Rows:
    [taken] = onnxruntime.InferenceSession(str(model)).get_inputs()
    shape = (rows, *taken.shape[1:])
    return Rows(inputs={taken.name: np.random.default_rng(seed).standard_normal(shape).astype(np.float32)})


@pytest.fixture
def answers() -> Answers:
    """What ONNX Runtime, called directly, answers."""

    def run(model: Path, rows: Rows) -> Array:
        [found] = onnxruntime.InferenceSession(str(model)).run(None, dict(rows.inputs))
        return np.asarray(found)

    return run
