"""What onnx-tool counts of a model file, in its own environment and with its own inference of shapes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_WITHIN_S = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """`macs` by operator, in its own weights, and `biased`: the outputs to which a Conv or a Gemm adds a bias, one MAC each."""

    parameters: int
    macs: Mapping[str, int]
    biased: Mapping[str, int]


def tally(commands: Path, model: Path, sizes: Mapping[str, int]) -> Tally:
    """With the dimensions of these sizes. Raises RuntimeError with what it printed where it fails."""
    # Isolated: beside the script there is this module, which bears the name of what the script imports.
    script = Path(__file__).with_name("onnx_tool_tally.py")
    command = [str(commands / "python"), "-I", str(script), str(model), json.dumps(dict(sizes))]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_WITHIN_S)
    if ended.returncode:
        raise RuntimeError(f"onnx-tool cannot count {model.name}: {(ended.stdout + ended.stderr)[-2000:]}")
    return Tally(**json.loads(ended.stdout.splitlines()[-1]))
