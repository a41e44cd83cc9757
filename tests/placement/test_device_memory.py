"""What a model takes of an accelerator's memory, against sums by hand."""

from __future__ import annotations

import pytest

from infractl.domain.polynomial import Polynomial
from infractl.domain.precision import Precision
from infractl.domain.profile import Execution, ModelProfile
from infractl.placement.device_memory import RESERVE_BYTES, device_memory
from infractl.tensors import Dtype, Signature, TensorSpec

BATCHED = TensorSpec(name="x", dtype=Dtype.float32, shape=("batch",))
PROFILE = ModelProfile(
    format="onnx",
    digest="made",
    size_bytes=4_000_000_000,
    signature=Signature(inputs=(BATCHED,), outputs=(BATCHED,)),
    batch="batch",
    parameters=1_000_000_000,
    weights_bytes=4e9,
    given=Execution(operators=()),
    live_bytes=(Polynomial({("batch",): 1e8}), Polynomial({("batch",): 2e8})),
)


def test_weights_and_the_largest_activations_count_at_their_precision() -> None:
    wide, narrow = (device_memory(PROFILE, each, instances=1, batch=8) for each in (Precision.fp32, Precision.int8))

    assert wide.value - RESERVE_BYTES[1] == pytest.approx(4e9 + 8 * 2e8)
    assert narrow.value - RESERVE_BYTES[1] == pytest.approx((4e9 + 8 * 2e8) / 4)
    assert narrow.low < narrow.value < narrow.high


def test_each_session_has_weights_of_its_own_and_the_engine_is_there_once() -> None:
    one, two = (device_memory(PROFILE, Precision.fp16, instances=count, batch=1).value for count in (1, 2))

    assert two - RESERVE_BYTES[1] == pytest.approx(2 * (one - RESERVE_BYTES[1]))
