"""Dynamic int8: weights within half a step, answers close by, and nothing done to what would only get slower."""

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


@pytest.mark.parametrize("kind", ["dense", "attention"])
def test_a_net_of_products_shrinks_and_answers_nearly_the_same(
    kind: str, request: pytest.FixtureRequest, make_work: MakeWork, answers: Answers
) -> None:
    model: Path = request.getfixturevalue(kind)
    work = make_work(model, rows=512)

    made = find_pass("int8-dynamic").run(work)

    onnx.checker.check_model(onnx.load(made.model))
    assert made.model.stat().st_size < 0.45 * model.stat().st_size
    given, found = answers(model, work.search), answers(made.model, work.search)
    assert np.mean(given.argmax(-1) == found.argmax(-1)) >= 0.97
    assert np.corrcoef(given.ravel(), found.ravel())[0, 1] > 0.999


def test_weights_are_off_by_half_a_step_at_most(dense: Path, make_work: MakeWork) -> None:
    given = {each.name: numpy_helper.to_array(each) for each in onnx.load(dense).graph.initializer}

    made = find_pass("int8-dynamic").run(make_work(dense))

    found = {each.name: numpy_helper.to_array(each) for each in onnx.load(made.model).graph.initializer}
    for layer, outputs in enumerate((128, 128, 10)):
        [values] = (v for name, v in found.items() if name.startswith(f"w{layer}") and name.endswith("_quantized"))
        [scale] = (v for name, v in found.items() if name.startswith(f"w{layer}") and name.endswith("_scale"))
        assert values.dtype == np.int8 and scale.shape == (outputs,)
        assert np.abs(values * scale - given[f"w{layer}"].T).max() <= scale.max() * 0.501


def test_one_scale_for_all_outputs_is_a_setting(dense: Path, make_work: MakeWork) -> None:
    made = find_pass("int8-dynamic").run(make_work(dense, {"per_channel": False}))

    scales = [each for each in onnx.load(made.model).graph.initializer if each.name.endswith("_scale") and each.name[0] == "w"]
    assert len(scales) == 3 and all(numpy_helper.to_array(each).size == 1 for each in scales)


def test_convolutions_are_left_as_they_are(convolutions: Path, make_work: MakeWork) -> None:
    made = find_pass("int8-dynamic").run(make_work(convolutions))

    kinds = Counter(node.op_type for node in onnx.load(made.model).graph.node)
    assert (kinds["Conv"], kinds["ConvInteger"], kinds["MatMulInteger"]) == (3, 0, 1)
    assert made.figures == {"quantized": 1.0}


def test_a_model_without_products_is_refused(convolutions: Path, make_work: MakeWork) -> None:
    with pytest.raises(PassRefusedError, match="nothing-to-quantize: no MatMul has weights in fp32"):
        find_pass("int8-dynamic").run(make_work(convolutions, {"op_types": ["MatMul"]}))


def test_a_second_time_there_is_nothing_left(dense: Path, make_work: MakeWork) -> None:
    made = find_pass("int8-dynamic").run(make_work(dense))

    with pytest.raises(PassRefusedError, match="nothing-to-quantize"):
        find_pass("int8-dynamic").run(make_work(made.model))


@pytest.mark.parametrize("settings", [{"per_channel": "yes"}, {"op_types": ["Conv"]}, {"op_types": "MatMul"}, {"bits": 8}])
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], dense: Path, make_work: MakeWork) -> None:
    with pytest.raises(PassRefusedError, match=r"^settings: "):
        find_pass("int8-dynamic").run(make_work(dense, settings))
