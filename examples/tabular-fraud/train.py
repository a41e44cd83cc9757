"""Trains both models on the same payments and writes the example's project into a folder.

That is its documents, trees.onnx and mlp.onnx, held_out.npz and request.json to ask them with, and scores.json.
"""

from __future__ import annotations

import argparse
import json
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import skl2onnx
from numpy.typing import NDArray
from onnx.utils import Extractor
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from transactions import FEATURES, Transactions, make_transactions

EXAMPLE = Path(__file__).resolve().parent
DOCUMENTS = ("infractl.yaml", "trees.yaml", "mlp.yaml")

SEED = 7
ROWS = 100_000
HELD_OUT = 0.4
ALARMED = 0.02
"""The share of payments that somebody can look into."""
RESAMPLES = 200
SENT = 1000
"""`infractl bench` sends so many requests in turn."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    print(json.dumps(train(folder), indent=2))


def models() -> dict[str, Pipeline]:
    """Each as one would ship it: of the sizes that were tried, the smallest after which more brought little."""
    trees = GradientBoostingClassifier(
        n_estimators=300, max_depth=4, learning_rate=0.05, subsample=0.5, max_features=0.5, min_samples_leaf=40, random_state=SEED
    )
    # Stopping early would go by accuracy, which is best where nothing is ever called fraud: a number of epochs instead.
    network = MLPClassifier((64, 32), alpha=1e-3, max_iter=60, n_iter_no_change=60, random_state=SEED)
    # A tree asks whether a value is above a limit, at any scale; sums of products need one scale for all.
    return {"trees": make_pipeline(trees), "mlp": make_pipeline(StandardScaler(), network)}


def train(folder: Path, rows: int = ROWS) -> dict[str, Any]:
    """Fit, export, check what was exported, and score it on rows that no fitting has seen."""
    for name in DOCUMENTS:
        shutil.copy2(EXAMPLE / name, folder)
    payments = make_transactions(rows, SEED)
    known, held_out = payments.part(slice(round(rows * HELD_OUT), None)), payments.part(slice(0, round(rows * HELD_OUT)))
    chances = {}
    for name, model in models().items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the number of epochs is the one that is wanted
            model.fit(known.features, known.fraud)
        export(model, folder / f"{name}.onnx")
        chances[name] = run(folder / f"{name}.onnx", held_out.features)
        np.testing.assert_allclose(chances[name], model.predict_proba(held_out.features)[:, 1], atol=1e-5)
    np.savez_compressed(folder / "held_out.npz", features=held_out.features[:SENT])
    (folder / "request.json").write_text(json.dumps(request(held_out.features[:1])) + "\n")
    scores = score(held_out, chances)
    (folder / "scores.json").write_text(json.dumps(scores, indent=2) + "\n")
    return scores


def export(model: Pipeline, path: Path) -> None:
    """The pipeline as ONNX, with the probabilities alone.

    The converter also makes a label, by the limit of one half, which nobody uses for what is rare.
    """
    features = [("features", FloatTensorType([None, len(FEATURES)]))]
    opsets = {"": 17, "ai.onnx.ml": 3}
    whole = skl2onnx.to_onnx(model, initial_types=features, options={"zipmap": False}, target_opset=opsets)
    onnx.save(Extractor(whole).extract_model(["features"], ["probabilities"]), path)


def run(path: Path, features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The probability of fraud, from the file that will be served."""
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(["probabilities"], {"features": features})
    return np.asarray(probabilities)[:, 1]


def score(held_out: Transactions, chances: Mapping[str, NDArray[np.float32]]) -> dict[str, Any]:
    """How well each model ranks the held-out payments.

    The 95% intervals come from resampling these, for both models alike.
    """
    random = np.random.default_rng(SEED)
    samples = [random.integers(0, len(held_out.fraud), len(held_out.fraud)) for _ in range(RESAMPLES)]
    resampled = {
        name: np.array([precision(held_out.fraud[rows], chance[rows]) for rows in samples]) for name, chance in chances.items()
    }
    worse, better = sorted(resampled.values(), key=np.mean)
    return {
        "held_out": len(held_out.fraud),
        "frauds": int(held_out.fraud.sum()),
        "alarmed": ALARMED,
        "models": {
            name: {
                "average_precision": {"value": precision(held_out.fraud, chance), **interval(resampled[name])},
                "area_under_roc": float(roc_auc_score(held_out.fraud, chance)),
                "caught": caught(held_out.fraud, chance),
            }
            for name, chance in chances.items()
        },
        # What a model would reach that knew the chances which the frauds were drawn with.
        "best_possible": precision(held_out.fraud, held_out.chance),
        "better_by": interval(better - worse),
    }


def precision(fraud: NDArray[np.bool_], chance: NDArray[np.floating[Any]]) -> float:
    """The average precision: what share of the alarms are frauds, averaged over all that are caught one after the other."""
    return float(average_precision_score(fraud, chance))


def interval(values: NDArray[np.float64]) -> dict[str, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return {"low": float(low), "high": float(high)}


def caught(fraud: NDArray[np.bool_], chance: NDArray[np.float32]) -> float:
    """The share of all frauds among the payments that look most like fraud."""
    alarmed = np.argsort(-chance, kind="stable")[: round(len(fraud) * ALARMED)]
    return float(fraud[alarmed].sum() / fraud.sum())


def request(features: NDArray[np.float32]) -> dict[str, object]:
    """An Open Inference Protocol v2 request."""
    return {
        "inputs": [{"name": "features", "shape": list(features.shape), "datatype": "FP32", "data": features.ravel().tolist()}]
    }


if __name__ == "__main__":
    main()
