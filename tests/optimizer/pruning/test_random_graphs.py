"""Over random networks: what was pruned is a sound and smaller model, and dead channels leave without a trace."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime
from hypothesis import HealthCheck, given, settings
from onnx import ModelProto

from infractl.domain.value import Json
from infractl.optimizer.passes.contract import Made, Work
from infractl.optimizer.passes.prune import Prune
from infractl.optimizer.rows import Rows
from infractl.profile.content import profile_content
from tests.optimizer.pruning.nets import DEAD_SHARE, Array, networks

few = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def images(rows: int) -> Array:
    return np.random.default_rng(7).standard_normal((rows, 3, 8, 8)).astype(np.float32)


def pruned(model: ModelProto, **setting: Json) -> tuple[ModelProto, Made]:
    with TemporaryDirectory() as directory:
        (path := Path(directory, "given.onnx")).write_bytes(model.SerializeToString())
        rows = Rows(inputs={"x": images(64)})
        work = Work(
            model=path, given=path, calibration=rows, search=rows, settings=setting, seed=0, threads=1, scratch=Path(directory)
        )
        made = Prune().run(work)
        return onnx.load(made.model), made


def answers(model: ModelProto) -> Array:
    [found] = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": images(16)})
    return np.asarray(found)


def parameters(model: ModelProto) -> int:
    return sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer)


@few
@given(networks())
def test_dead_channels_leave_without_a_trace(model: ModelProto) -> None:
    smaller, made = pruned(model, share=DEAD_SHARE, block=1, refit=False)

    onnx.checker.check_model(smaller, full_check=True)
    np.testing.assert_allclose(answers(smaller), answers(model), atol=1e-4, rtol=1e-4)
    assert parameters(smaller) < parameters(model)
    assert operations(smaller) < operations(model)
    assert made.figures["groups_pruned"] >= 2


@few
@given(networks())
def test_what_was_fitted_again_is_sound_and_smaller_at_any_width(model: ModelProto) -> None:
    smaller, _ = pruned(model, share=0.5, block=4, rows=500)

    onnx.checker.check_model(smaller, full_check=True)
    assert np.isfinite(answers(smaller)).all()
    assert answers(smaller).shape == answers(model).shape
    assert parameters(smaller) < parameters(model)
    assert operations(smaller) < operations(model)


def operations(model: ModelProto) -> float:
    """For one row, as the profiler counts them."""
    content = model.SerializeToString()
    return profile_content(content, Path("net.onnx"), Path()).flops.at({"n": 1})
