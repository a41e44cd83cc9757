"""Students taught in a process of their own, by an interpreter that has PyTorch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path

import infractl
from infractl.optimizer.passes.contract import PassRefusedError
from infractl.optimizer.student.lesson import Lesson
from infractl.optimizer.student.network import Weights, unscaled
from infractl.optimizer.student.shape import Layer

ELSEWHERE = "INFRACTL_TORCH_PYTHON"
"""An interpreter that has PyTorch and NumPy, for where infractl's own environment is to stay without that gigabyte."""

_LONGEST_REASON = 300


def interpreter() -> str:
    """Raises PassRefusedError where there is no PyTorch."""
    if elsewhere := os.environ.get(ELSEWHERE):
        return elsewhere
    if find_spec("torch") is None:
        raise PassRefusedError("not-installed", "students are taught by PyTorch: pip install 'infractl[distill]'")
    return sys.executable


def teach(
    students: Sequence[Sequence[Layer]], taught: Lesson, epochs: int, *, seed: int, threads: int, directory: Path
) -> tuple[Weights, ...]:
    """The weights of each, for inputs as they are. `directory` is written to. Raises PassRefusedError."""
    import numpy as np

    command = [interpreter(), "-m", "infractl.optimizer.student.training", str(directory)]
    lesson_file = directory / "lesson.npz"
    if not lesson_file.exists():
        np.savez(lesson_file, inputs=taught.inputs, targets=taught.targets)
    job = {
        "students": [[asdict(layer) for layer in layers] for layers in students],
        "form": taught.terms.form,
        "epochs": epochs,
        "seed": seed,
        "threads": threads,
    }
    (directory / "job.json").write_text(json.dumps(job), encoding="utf-8")
    # Of ours it needs this package alone, wherever that is installed.
    paths = [str(Path(infractl.__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths[: 1 if os.environ.get(ELSEWHERE) else None])}
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    except OSError as error:
        raise PassRefusedError("not-installed", f"{command[0]}: {error.strerror}") from error
    if ended.returncode:
        said = " ".join(ended.stderr.strip().splitlines()[-1:])
        code = "not-installed" if "ModuleNotFoundError" in said else "training-failed"
        raise PassRefusedError(code, said[-_LONGEST_REASON:] or f"PyTorch's process ended with status {ended.returncode}")
    made = []
    for number, layers in enumerate(students):
        with np.load(directory / f"weights-{number}.npz") as kept:
            made.append(unscaled(layers, dict(kept), taught.scaling))
    return tuple(made)
