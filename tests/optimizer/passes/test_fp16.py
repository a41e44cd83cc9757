"""Half precision: half the bytes, the same types outside, answers within its rounding."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from infractl.optimizer.passes.contract import PassRefusedError, Work
from infractl.optimizer.passes.registry import find_pass

MakeWork = Callable[..., Work]
Answers = Callable[..., Any]


@pytest.mark.parametrize("kind", ["dense", "attention", "convolutions"])
def test_a_model_takes_half_the_bytes_and_its_clients_notice_nothing(
    kind: str, request: pytest.FixtureRequest, make_work: MakeWork, answers: Answers
) -> None:
    path: Path = request.getfixturevalue(kind)
    work = make_work(path)

    made = find_pass("fp16").run(work)

    model = onnx.load(made.model)
    onnx.checker.check_model(model, full_check=True)
    assert made.model.stat().st_size < 0.62 * path.stat().st_size
    for each in (*model.graph.input, *model.graph.output):
        assert each.type.tensor_type.elem_type == TensorProto.FLOAT
    given, found = answers(path, work.search), answers(made.model, work.search)
    assert np.abs(given - found).max() < 0.01 * np.abs(given).max()


def test_weights_are_rounded_to_the_nearest_half(dense: Path, make_work: MakeWork) -> None:
    given = {each.name: numpy_helper.to_array(each) for each in onnx.load(dense).graph.initializer}

    made = find_pass("fp16").run(make_work(dense))

    for each in onnx.load(made.model).graph.initializer:
        np.testing.assert_array_equal(numpy_helper.to_array(each), given[each.name].astype(np.float16))


def test_weights_beyond_its_range_are_cut_and_told(dense: Path, make_work: MakeWork) -> None:
    model = onnx.load(dense)
    bias = numpy_helper.to_array(model.graph.initializer[5]).copy()
    bias[:2] = [1e6, -1e6]
    model.graph.initializer[5].CopyFrom(numpy_helper.from_array(bias, "b2"))
    onnx.save(model, dense)

    made = find_pass("fp16").run(make_work(dense))

    assert made.notes[1] == "2 of their values are beyond its range, and were cut to its largest"


def test_a_second_time_there_is_nothing_left(dense: Path, make_work: MakeWork) -> None:
    made = find_pass("fp16").run(make_work(dense))

    with pytest.raises(PassRefusedError, match="nothing-to-convert"):
        find_pass("fp16").run(make_work(made.model))
