"""Pipelines of scikit-learn as skl2onnx writes them: every node is costed, and gives what it gives in ONNX Runtime."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import ModelProto, helper
from skl2onnx import convert_sklearn, to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, IsolationForest, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Binarizer, KBinsDiscretizer, Normalizer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC, SVR

from infractl.errors import ModelError
from infractl.profile.evaluate import Evaluator
from infractl.profile.onnx import profile_onnx
from infractl.profile.program import program_of
from infractl.profile.read import parse, sound
from infractl.profile.rule.work import work_of
from infractl.profile.step import Stepper
from infractl.profile.tensor import Tensor

ROWS, FEATURES = 120, 6
FLOAT, STRING = 1, 8

random = np.random.default_rng(0)
NUMBERS = random.normal(size=(ROWS, FEATURES)).astype(np.float32)
TEXTS = np.array(["red", "green", "blue"], object)[random.integers(0, 3, (ROWS, 2))]
YES_OR_NO = random.integers(0, 2, ROWS)
ONE_OF_FOUR = np.arange(ROWS) % 4
NAMED = np.array(["ant", "bee", "cat"])[np.arange(ROWS) % 3]


def network() -> MLPClassifier:
    return MLPClassifier((8,), max_iter=3)


def by_column(estimator: Any, *, sparse: bool) -> Any:
    """Numbers and texts, each prepared in its own way."""
    ways = [
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), [0, 1, 2]),
        ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=sparse), [3, 4]),
    ]
    return make_pipeline(ColumnTransformer(ways), estimator)


def mixed_columns() -> list[tuple[str, Any]]:
    return [
        *((f"number_{place}", FloatTensorType([None, 1])) for place in range(3)),
        *((f"text_{place}", StringTensorType([None, 1])) for place in range(2)),
    ]


OF_NUMBERS: Mapping[str, tuple[Callable[[], Any], Any]] = {
    "logistic regression": (LogisticRegression, YES_OR_NO),
    "logistic regression of four classes": (LogisticRegression, ONE_OF_FOUR),
    "logistic regression of named classes": (LogisticRegression, NAMED),
    "network": (lambda: make_pipeline(StandardScaler(), network()), YES_OR_NO),
    "network of four classes": (lambda: make_pipeline(StandardScaler(), network()), ONE_OF_FOUR),
    "network of named classes": (lambda: make_pipeline(StandardScaler(), network()), NAMED),
    "random forest": (lambda: RandomForestClassifier(5), ONE_OF_FOUR),
    "boosted trees": (lambda: GradientBoostingClassifier(n_estimators=5), YES_OR_NO),
    "boosted trees of named classes": (lambda: GradientBoostingClassifier(n_estimators=5), NAMED),
    "cleaned numbers": (lambda: make_pipeline(SimpleImputer(), Normalizer(), Binarizer(), LogisticRegression()), NAMED),
    "numbers in bins": (lambda: make_pipeline(KBinsDiscretizer(3, encode="onehot-dense"), LogisticRegression()), YES_OR_NO),
    "support vectors": (SVC, ONE_OF_FOUR),
    "support vectors of two classes": (lambda: SVC(kernel="linear"), YES_OR_NO),
    "neighbors": (KNeighborsClassifier, ONE_OF_FOUR),
    "calibrated": (lambda: CalibratedClassifierCV(LogisticRegression(), cv=2), NAMED),
    "outliers": (lambda: IsolationForest(n_estimators=5), None),
    "linear regression": (LinearRegression, NUMBERS[:, 0]),
    "regression by support vectors": (SVR, NUMBERS[:, 0]),
}


def of_numbers(name: str) -> ModelProto:
    make, target = OF_NUMBERS[name]
    estimator = fitted(make(), NUMBERS, target)
    opsets = {"": 21, "ai.onnx.ml": 3}
    return to_onnx(estimator, NUMBERS[:1], options=without_map(estimator), target_opset=opsets)


def of_columns(estimator: Any, *, sparse: bool) -> ModelProto:
    rows = np.concatenate([NUMBERS[:, :3].astype(object), TEXTS], axis=1)
    pipeline = fitted(by_column(estimator, sparse=sparse), rows, NAMED)
    return convert_sklearn(pipeline, initial_types=mixed_columns(), options=without_map(pipeline))


def of_ordered_texts() -> ModelProto:
    pipeline = fitted(make_pipeline(OrdinalEncoder(), RandomForestClassifier(5)), TEXTS, YES_OR_NO)
    return convert_sklearn(pipeline, initial_types=[("texts", StringTensorType([None, 2]))], options=without_map(pipeline))


def fitted(estimator: Any, rows: Any, target: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # after a few epochs it has not converged
        return estimator.fit(rows, target)


def without_map(estimator: Any) -> Any:
    last = estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
    return {id(last): {"zipmap": False}} if hasattr(last, "predict_proba") or isinstance(last, SVC) else None


EXPORTS: Mapping[str, Callable[[], ModelProto]] = {
    **{name: lambda name=name: of_numbers(name) for name in OF_NUMBERS},
    "columns into logistic regression": lambda: of_columns(LogisticRegression(), sparse=True),
    "columns into a network": lambda: of_columns(network(), sparse=False),
    "columns into a random forest": lambda: of_columns(RandomForestClassifier(5), sparse=False),
    "ordered texts into a random forest": of_ordered_texts,
}


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of scikit-learn, which warns of what skl2onnx reads
@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_has_nothing_uncosted_and_gives_at_every_node_what_the_engine_gives(name: str, tmp_path: Path) -> None:
    model = EXPORTS[name]()
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())

    profile = profile_onnx(path, tmp_path)

    assert profile.given.uncosted == ()
    assert profile.executed is not None and profile.executed.uncosted == ()
    for batch in (1, 2, 7):
        assert found_by_us(path, batch) == found_by_the_engine(model, batch)


def found_by_us(path: Path, batch: int) -> dict[str, tuple[int, tuple[int, ...]] | None]:
    """Element type and shape of every tensor that a node gives."""
    program = program_of(sound(parse(path.read_bytes(), path), path))
    names = [name for instruction in program.instructions for name in instruction.outputs if name]
    inputs = {name: Tensor(kind, shape) for name, kind, shape in taken(onnx.load(path), batch)}
    trace = Evaluator(replace(program, outputs=tuple(names)), Stepper(work_of), {}).evaluate(inputs, {})
    return {name: known and (known.element_type, known.shape) for name, known in zip(names, trace.outputs, strict=True)}


def found_by_the_engine(model: ModelProto, batch: int) -> dict[str, tuple[int, tuple[int, ...]]]:
    whole = ModelProto()
    whole.CopyFrom(model)
    told = {value.name for value in whole.graph.output}
    names = [name for node in whole.graph.node for name in node.output if name]
    whole.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names if name not in told)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = ort.InferenceSession(whole.SerializeToString(), options)
    feed = {name: np.full(shape, "red" if kind == STRING else 1, *types(kind)) for name, kind, shape in taken(model, batch)}
    constants = {node.output[0] for node in whole.graph.node if node.op_type == "Constant"}
    found = zip(names, session.run(names, feed), strict=True)
    return {name: (element_type(array), array.shape) for name, array in found if name not in constants}


def taken(model: ModelProto, batch: int) -> list[tuple[str, int, tuple[int, ...]]]:
    kinds = [(value.name, value.type.tensor_type) for value in model.graph.input]
    return [(name, kind.elem_type, tuple(axis.dim_value or batch for axis in kind.shape.dim)) for name, kind in kinds]


def types(kind: int) -> tuple[Any]:
    return (object if kind == STRING else helper.tensor_dtype_to_np_dtype(kind),)


def element_type(array: np.ndarray) -> int:
    return STRING if array.dtype == object else helper.np_dtype_to_tensor_dtype(array.dtype)


def test_an_export_with_its_probabilities_in_maps_is_refused_with_the_option_that_gives_a_tensor(tmp_path: Path) -> None:
    """It is what skl2onnx writes where nobody asks for anything else; a server of tensors cannot answer with it."""
    path = tmp_path / "model.onnx"
    path.write_bytes(to_onnx(fitted(LogisticRegression(), NUMBERS, YES_OR_NO), NUMBERS[:1]).SerializeToString())

    with pytest.raises(ModelError) as caught:
        profile_onnx(path, tmp_path)

    (problem,) = caught.value.diagnostics
    assert problem.slug == "model-unsupported-type"
    assert "output_probability" in problem.detail
    assert '"zipmap": False' in problem.remedy
