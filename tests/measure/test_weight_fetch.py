"""The models by which it is timed what weights take to fetch."""

from __future__ import annotations

import numpy as np
import onnxruntime

from infractl.measure.kernel.fetch import weight_fetches

MIB = 2**20


def test_values_neither_vanish_nor_overflow_in_a_long_chain_of_products() -> None:
    """Denormal numbers take some processors a hundred times as long: what is timed would be their handling."""
    for total_bytes, rows, kernel in weight_fetches(480 * MIB, 64 * MIB):
        run = kernel.terms[0][1]
        session = onnxruntime.InferenceSession(run.model.content)
        [answer] = session.run(None, run.inputs[0])
        size = np.abs(answer).mean()
        assert 1e-6 < size < 1e6, f"{total_bytes} bytes, {rows} rows"
