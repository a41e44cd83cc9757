"""The job that servers are compared at: a small network of dense layers, and requests that all differ."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from infractl.measure.load import post_request

NAME = "mlp"
INPUT, OUTPUT = "features", "scores"
WIDTHS = (30, 256, 256, 256, 2)
REQUESTS = 509
"""A prime, so that the connections do not come to send the same requests at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A model, the items [REQUESTS, 1, 30] that are sent to it, and what ONNX Runtime answers, [REQUESTS, 1, 2]."""

    model: Path
    items: np.ndarray[Any, np.dtype[np.float32]]
    expected: np.ndarray[Any, np.dtype[np.float32]]

    def bodies(self) -> list[bytes]:
        """Open Inference Protocol requests of one item each, every number with as many digits as an fp32 value has."""
        return [
            json.dumps(
                {
                    "inputs": [
                        {"name": INPUT, "shape": [1, WIDTHS[0]], "datatype": "FP32", "data": list(map(float, map(str, row[0])))}
                    ]
                }
            ).encode()
            for row in self.items
        ]

    def requests(self, service: str) -> list[bytes]:
        """The same as whole HTTP requests to a service of that name."""
        return [post_request(f"/v2/models/{service}/infer", "127.0.0.1", body) for body in self.bodies()]


def make_job(folder: Path) -> Job:
    """Writes the model into `folder`."""
    model = _write_model(folder / f"{NAME}.onnx")
    items = np.random.default_rng(1).standard_normal((REQUESTS, 1, WIDTHS[0])).astype(np.float32)
    session = open_session(model)
    expected = np.stack([session.run([OUTPUT], {INPUT: item})[0] for item in items])
    return Job(model=model, items=items, expected=expected)


def open_session(model: Path) -> onnxruntime.InferenceSession:
    """As every server here opens it: one thread, which does not spin."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _write_model(path: Path) -> Path:
    random = np.random.default_rng(0)
    nodes, weights, last = [], [], INPUT
    for layer, (wide, narrow) in enumerate(pairwise(WIDTHS)):
        matrix = (random.standard_normal((wide, narrow)) / np.sqrt(wide)).astype(np.float32)
        weights += [
            numpy_helper.from_array(matrix, f"weight_{layer}"),
            numpy_helper.from_array(random.standard_normal(narrow).astype(np.float32), f"bias_{layer}"),
        ]
        final = layer == len(WIDTHS) - 2
        product = OUTPUT if final else f"product_{layer}"
        nodes.append(helper.make_node("Gemm", [last, f"weight_{layer}", f"bias_{layer}"], [product]))
        if not final:
            nodes.append(helper.make_node("Relu", [product], [f"hidden_{layer}"]))
            last = f"hidden_{layer}"
    graph = helper.make_graph(
        nodes,
        NAME,
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["batch", WIDTHS[0]])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["batch", WIDTHS[-1]])],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path
