"""Answers of real models to all rows of a set, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from infractl.engines.engine import Session, SessionOptions
from infractl.engines.registry import open_engine
from infractl.errors import ModelError
from infractl.optimizer.gate.answer import answers
from infractl.optimizer.rows import Rows
from infractl.tensors import Dtype, Signature, Tensor, TensorSpec

MakeMlp = Callable[..., Path]
ROWS = Rows(inputs={"features": np.random.default_rng(3).normal(size=(37, 4)).astype(np.float32)})


def session(path: Path) -> Session:
    return open_engine("onnxruntime")(path, SessionOptions())


def test_rows_that_don_t_fill_the_last_batch_are_answered_once(make_mlp: MakeMlp, tmp_path: Path) -> None:
    opened = session(make_mlp(tmp_path / "model.onnx", sizes=(4, 8, 3)))

    found = answers(opened, ROWS, batch=10)

    assert found["scores"].shape == (37, 3)
    assert found["scores"] == pytest.approx(opened.run(ROWS.inputs)["scores"], abs=1e-6)


def test_a_model_of_a_fixed_batch_answers_to_as_many_rows_as_there_are(make_mlp: MakeMlp, tmp_path: Path) -> None:
    free = session(make_mlp(tmp_path / "free.onnx", sizes=(4, 8, 3)))
    fixed = session(make_mlp(tmp_path / "fixed.onnx", sizes=(4, 8, 3), batch=5))

    found = answers(fixed, ROWS)

    assert found["scores"] == pytest.approx(answers(free, ROWS)["scores"], abs=1e-6)


class Summary:
    """A session whose only output is about the batch as a whole."""

    signature = Signature(
        inputs=(TensorSpec(name="features", dtype=Dtype.float32, shape=("n", 4)),),
        outputs=(TensorSpec(name="mean", dtype=Dtype.float32, shape=()),),
    )

    def run(self, inputs: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return {"mean": np.asarray(np.mean(inputs["features"]))}


def test_a_model_without_an_answer_for_each_row_is_an_error() -> None:
    with pytest.raises(ModelError, match="model-outputs"):
        answers(Summary(), ROWS)
