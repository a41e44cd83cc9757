"""A graph as quantizers want it: constants folded, batch norms inside of convolutions, shapes known, every node named."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.optimizer.passes.onnx_file import graphs, read_model, refusing
from infractl.optimizer.passes.simplify import simplified, with_shapes
from infractl.optimizer.quantization.layer import name_nodes

if TYPE_CHECKING:
    from onnx import ModelProto

_FATAL_ONLY = 4


def prepared(model: Path, scratch: Path) -> ModelProto:
    """Raises PassRefusedError. ONNX Runtime's basic level writes ONNX's own operators, for any machine.

    Its `quant_pre_process` is not used: what it does besides, symbolic shapes, fails on transformers and leaves files behind.
    """
    import onnxruntime

    given, _ = simplified(read_model(model))
    plain, folded = scratch / "plain.onnx", scratch / "folded.onnx"
    plain.write_bytes(given.SerializeToString(deterministic=True))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(folded)
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL_ONLY
    with refusing("not-opened"):
        onnxruntime.InferenceSession(str(plain), options, providers=["CPUExecutionProvider"])
    made = read_model(folded)
    _only_used_opsets(made)
    made = with_shapes(made)
    name_nodes(made)
    return made


def _only_used_opsets(model: ModelProto) -> None:
    """ONNX Runtime lists every set of operators that it knows."""
    used = {"", *(node.domain for graph in graphs(model.graph) for node in graph.node)}
    kept = [each for each in model.opset_import if each.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)


@contextmanager
def quantizing(scratch: Path) -> Iterator[None]:
    """The libraries' temporary files lie in the scratch directory, and end with it; their general advice is not logged."""
    before = tempfile.tempdir
    tempfile.tempdir = str(scratch)
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        tempfile.tempdir = before
