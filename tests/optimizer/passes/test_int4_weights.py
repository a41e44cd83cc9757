"""Weights in 4 bits: packed as the engine reads them, each within half a step, and a refusal where there are none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from infractl.optimizer.passes.contract import PassRefusedError, Work
from infractl.optimizer.passes.registry import find_pass

MakeWork = Callable[..., Work]
Answers = Callable[..., Any]


def initializers(path: Path) -> dict[str, Any]:
    return {each.name: numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}


@pytest.mark.parametrize(("bits", "share", "least"), [(4, 0.3, 0.98), (8, 0.45, 0.9999)])
@pytest.mark.parametrize("kind", ["dense", "attention"])
def test_a_net_of_products_shrinks_and_answers_nearly_the_same(
    kind: str, bits: int, share: float, least: float, request: pytest.FixtureRequest, make_work: MakeWork, answers: Answers
) -> None:
    path: Path = request.getfixturevalue(kind)
    work = make_work(path, {"bits": bits, "compute": "fp32"}, rows=256)

    made = find_pass("int4-weights").run(work)

    onnx.checker.check_model(onnx.load(made.model))
    assert made.model.stat().st_size < share * path.stat().st_size
    given, found = answers(path, work.search), answers(made.model, work.search)
    assert np.corrcoef(given.ravel(), found.ravel())[0, 1] > least


def test_the_engine_unpacks_each_weight_within_half_a_step(dense: Path, make_work: MakeWork) -> None:
    """Unit vectors through the first product alone give its weights, row by row."""
    import onnxruntime

    made = find_pass("int4-weights").run(make_work(dense, {"block": 16, "compute": "fp32"}))

    model = onnx.load(made.model)
    first = next(node for node in model.graph.node if node.op_type == "MatMulNBits")
    model.graph.output.append(onnx.helper.make_tensor_value_info(first.output[0], onnx.TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    [unpacked] = session.run([first.output[0]], {"x": np.eye(64, dtype=np.float32)})
    given = initializers(dense)["w0"].T
    blocks = given.reshape(4, 16, 128)
    step = (blocks.max(1, initial=0) - blocks.min(1, initial=0)) / 15
    assert (np.abs(unpacked - given).reshape(4, 16, 128) <= 0.501 * step[:, None]).all()


def test_columns_that_do_not_fill_their_last_block_are_as_near(dense: Path, make_work: MakeWork, answers: Answers) -> None:
    work = make_work(dense, {"block": 256, "bits": 8, "compute": "fp32"})

    made = find_pass("int4-weights").run(work)

    np.testing.assert_allclose(answers(made.model, work.search), answers(dense, work.search), atol=0.05)


def test_what_stays_in_floating_point_is_told(convolutions: Path, make_work: MakeWork) -> None:
    made = find_pass("int4-weights").run(make_work(convolutions))

    kinds = Counter(node.op_type for node in onnx.load(made.model).graph.node)
    assert (kinds["Conv"], kinds["MatMulNBits"]) == (3, 1)
    assert made.notes == ("1 of 1 matrix products have weights in 4 bits, 32 to a step", "98% of the weights' bytes stay in fp32")


def test_where_there_are_no_such_weights_it_refuses(dense: Path, make_work: MakeWork) -> None:
    made = find_pass("int4-weights").run(make_work(dense))

    with pytest.raises(PassRefusedError, match="nothing-to-quantize"):
        find_pass("int4-weights").run(make_work(made.model))


@pytest.mark.parametrize("settings", [{"bits": 5}, {"block": 20}, {"compute": "fp8"}])
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], dense: Path, make_work: MakeWork) -> None:
    with pytest.raises(PassRefusedError, match=r"^settings: "):
        find_pass("int4-weights").run(make_work(dense, settings))
