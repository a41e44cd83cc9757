"""The same work gives the same bytes, in another process, in which sets have another order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import json, sys
from hashlib import sha256
from pathlib import Path
import numpy as np
from infractl.optimizer.passes.contract import Work
from infractl.optimizer.passes.registry import find_pass
from infractl.optimizer.rows import Rows

found = {}
for name, model, shape in json.loads(sys.argv[1]):
    rows = Rows(inputs={"x": np.random.default_rng(5).standard_normal(shape).astype(np.float32)})
    scratch = Path(sys.argv[2]) / f"{name} {Path(model).stem}"
    scratch.mkdir(parents=True)
    rest = {"calibration": rows, "search": rows, "settings": {}, "seed": 0, "threads": 1, "scratch": scratch}
    work = Work(model=Path(model), given=Path(model), **rest)
    found[scratch.name] = sha256(find_pass(name).run(work).model.read_bytes()).hexdigest()
print(json.dumps(found))
"""


def test_a_pass_gives_the_same_bytes_in_another_process(dense: Path, attention: Path, convolutions: Path, tmp_path: Path) -> None:
    jobs = [
        ("simplify", str(convolutions), (16, 3, 16, 16)),
        ("fp16", str(attention), (16, 8, 32)),
        ("int8-dynamic", str(dense), (16, 64)),
        ("int8-dynamic", str(attention), (16, 8, 32)),
        ("int8-static", str(attention), (16, 8, 32)),
        ("int8-static", str(convolutions), (16, 3, 16, 16)),
        ("int4-weights", str(dense), (16, 64)),
    ]

    first, second = (
        json.loads(
            subprocess.run(
                [sys.executable, "-c", PROGRAM, json.dumps(jobs), str(tmp_path / seed)],
                env={**os.environ, "PYTHONHASHSEED": seed},
                capture_output=True,
                check=True,
            ).stdout
        )
        for seed in ("1", "2")
    )

    assert len(first) == len(jobs)
    assert first == second
