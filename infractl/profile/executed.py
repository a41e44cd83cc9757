"""The graph as ONNX Runtime executes it on a CPU: fused, folded and laid out anew, which it does when it opens the file."""

from __future__ import annotations

from pathlib import Path

from infractl.errors import ModelError
from infractl.profile.program import Program, program_of
from infractl.profile.read import parse
from infractl.profile.trace import Trace

MOST_WEIGHT_BYTES = 512 * 1024**2
"""The engine reads, packs and writes all weights to show its graph. Above this the profile does without."""
MOST_FOLDED_BYTES = 256 * 1024**2
MOST_FOLDED_FLOPS = 1e10
"""The engine computes what takes nothing but weights when it opens a model, and a file of a few bytes can ask for terabytes."""


def is_openable(trace: Trace, size_bytes: int) -> bool:
    """Whether opening the model takes neither long nor much memory, as far as its file tells."""
    return size_bytes <= MOST_WEIGHT_BYTES and trace.folded_bytes <= MOST_FOLDED_BYTES and trace.folded_flops <= MOST_FOLDED_FLOPS


def executed_program(path: Path) -> Program | None:
    """The engine's graph, or None where it is not installed or does not take the model."""
    try:
        from infractl.engines.onnxruntime import optimized_model
    except ImportError:
        return None
    try:
        return program_of(parse(optimized_model(path), path))
    except ModelError:
        return None
