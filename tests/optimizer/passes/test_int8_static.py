"""Static int8: calibrated on rows, in the types of the target, and taken back where answers would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
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


def int8_static(work: Work) -> Any:
    return find_pass("int8-static").run(work)


def initializers(path: Path) -> dict[str, Any]:
    return {each.name: numpy_helper.to_array(each) for each in onnx.load(path).graph.initializer}


@pytest.mark.parametrize("settings", [{}, {"form": "tensorrt"}, {"per_channel": False, "reduce_range": True}])
@pytest.mark.parametrize("kind", ["dense", "attention", "convolutions"])
def test_a_model_shrinks_and_answers_nearly_the_same(
    kind: str, settings: dict[str, Any], request: pytest.FixtureRequest, make_work: MakeWork, answers: Answers
) -> None:
    path: Path = request.getfixturevalue(kind)
    work = make_work(path, {**settings, "agreement": 0}, rows=256)

    made = int8_static(work)

    onnx.checker.check_model(onnx.load(made.model), full_check=True)
    assert made.model.stat().st_size < 0.66 * path.stat().st_size
    given, found = answers(path, work.search), answers(made.model, work.search)
    assert np.corrcoef(given.ravel(), found.ravel())[0, 1] > 0.99
    assert made.figures["agreement"] == np.mean(given.argmax(-1) == found.argmax(-1)) > 0.9


def test_batch_norms_end_up_inside_of_the_convolutions(convolutions: Path, make_work: MakeWork) -> None:
    made = int8_static(make_work(convolutions, {"agreement": 0}))

    kinds = Counter(node.op_type for node in onnx.load(made.model).graph.node)
    assert (kinds["Conv"], kinds["BatchNormalization"]) == (3, 0)
    assert made.notes[0] == "4 of 4 layers compute in int8"


def test_weights_are_off_by_half_a_step_at_most(dense: Path, make_work: MakeWork) -> None:
    given = initializers(dense)

    found = initializers(int8_static(make_work(dense, {"agreement": 0})).model)

    for layer in range(3):
        values, scale = found[f"w{layer}_quantized"], found[f"w{layer}_scale"]
        assert values.dtype == np.int8 and scale.shape == (len(given[f"b{layer}"]),)
        assert np.abs(values * scale[:, None] - given[f"w{layer}"]).max() <= scale.max() * 0.501


def test_steps_are_those_of_the_calibration_rows(dense: Path, make_work: MakeWork) -> None:
    work = make_work(dense, {"agreement": 0, "rows": 40})

    found = initializers(int8_static(work).model)

    used = work.calibration.inputs["x"][:40]
    assert found["x_scale"] == pytest.approx((used.max() - used.min()) / 255, rel=1e-5)
    assert found["x_zero_point"].dtype == np.uint8


def test_for_tensorrt_every_zero_is_0_and_biases_stay_in_floating_point(dense: Path, make_work: MakeWork) -> None:
    made = int8_static(make_work(dense, {"form": "tensorrt", "agreement": 0}))

    model = onnx.load(made.model)
    zeros = [numpy_helper.to_array(each) for each in model.graph.initializer if each.name.endswith("_zero_point")]
    assert len(zeros) >= 6
    assert all(each.dtype == np.int8 and not each.any() for each in zeros)
    biases = {each.name: each.data_type for each in model.graph.initializer if each.name in ("b0", "b1", "b2")}
    assert biases == dict.fromkeys(("b0", "b1", "b2"), TensorProto.FLOAT)
    assert "trtexec" in made.notes[-1]


@pytest.mark.parametrize("settings", [{"activations": "int8"}, {"symmetric": True}])
def test_for_accelerators_activations_are_signed_and_symmetric(
    settings: dict[str, Any], dense: Path, make_work: MakeWork
) -> None:
    found = initializers(int8_static(make_work(dense, {**settings, "agreement": 0})).model)

    zeros = [values for name, values in found.items() if name.endswith("_zero_point")]
    assert zeros and all(values.dtype in (np.int8, np.int32) and not values.any() for values in zeros)


def test_the_layer_that_hurts_finds_its_steps_while_it_runs(outlying: Path, make_work: MakeWork, answers: Answers) -> None:
    work = make_work(outlying, {"agreement": 0.97}, rows=512)
    bare = int8_static(make_work(outlying, {"agreement": 0}, rows=512))

    made = int8_static(work)

    assert bare.figures["agreement"] < 0.97 <= made.figures["agreement"]
    assert made.figures["left"] == 1
    kinds = Counter(node.op_type for node in onnx.load(made.model).graph.node)
    assert (kinds["MatMulInteger"], kinds["Gemm"] + kinds["MatMul"]) == (1, 2)
    assert made.notes[2].startswith("find their step sizes while they run, as their inputs' largest values are so many times")


def test_where_it_may_not_find_them_it_stays_in_floating_point(outlying: Path, make_work: MakeWork) -> None:
    made = int8_static(make_work(outlying, {"agreement": 0.97, "dynamic": False}, rows=512))

    floats = [name for name, values in initializers(made.model).items() if values.dtype == np.float32 and values.ndim == 2]
    assert floats == ["w1"]
    assert made.notes[2].startswith("stay in fp32")


def test_without_rows_to_compare_on_nothing_is_taken_back(dense: Path, make_work: MakeWork) -> None:
    work = make_work(dense)

    made = int8_static(replace(work, search=work.search.at([])))

    assert made.notes == ("3 of 3 layers compute in int8", "there are no rows to compare answers on")


def test_without_rows_to_calibrate_on_it_refuses(dense: Path, make_work: MakeWork) -> None:
    work = make_work(dense)

    with pytest.raises(PassRefusedError, match="no-data"):
        int8_static(replace(work, calibration=work.calibration.at([])))


def test_a_second_time_there_is_nothing_left(dense: Path, make_work: MakeWork) -> None:
    made = int8_static(make_work(dense, {"agreement": 0}))

    with pytest.raises(PassRefusedError, match="nothing-to-quantize"):
        int8_static(make_work(made.model))


def test_what_a_quantizer_raises_is_a_refusal_with_its_reason(dense: Path, make_work: MakeWork) -> None:
    work = make_work(dense)
    wrong = {"x": work.calibration.inputs["x"][:, :10]}

    with pytest.raises(PassRefusedError, match=r"quantizer-failed: .*Got: 10 Expected: 64"):
        int8_static(replace(work, calibration=replace(work.calibration, inputs=wrong)))


@pytest.mark.parametrize(
    "settings",
    [{"by": "hand"}, {"activations": "int4"}, {"form": "tensorrt", "activations": "uint8"}, {"agreement": 2}, {"op_types": []}],
)
def test_settings_that_mean_nothing_are_refused(settings: dict[str, Any], dense: Path, make_work: MakeWork) -> None:
    with pytest.raises(PassRefusedError, match=r"^settings: "):
        int8_static(make_work(dense, settings))


def test_nothing_is_left_outside_of_the_scratch_directory(
    attention: Path, make_work: MakeWork, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    int8_static(make_work(attention))

    assert not list(Path.cwd().iterdir())


@pytest.mark.parametrize("kind", ["attention", "convolutions"])
def test_nncf_quantizes_as_well(kind: str, request: pytest.FixtureRequest, make_work: MakeWork, answers: Answers) -> None:
    pytest.importorskip("nncf", reason="the extra nncf is not installed")
    path: Path = request.getfixturevalue(kind)
    work = make_work(path, {"by": "nncf", "agreement": 0})

    made = int8_static(work)

    onnx.checker.check_model(onnx.load(made.model), full_check=True)
    assert made.model.stat().st_size < 0.66 * path.stat().st_size
    given, found = answers(path, work.search), answers(made.model, work.search)
    assert np.corrcoef(given.ravel(), found.ravel())[0, 1] > 0.99
