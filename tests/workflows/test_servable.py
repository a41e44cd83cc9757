"""What is declared rightly and cannot be served yet: every reason at once, and each at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from infractl.errors import ModelError
from infractl.spec.load import load_project
from infractl.workflows.servable import model_file

SERVICE = "apiVersion: infractl.dev/v1\nkind: InferenceService\nmetadata: {name: fraud}\nspec:\n"


def reasons(directory: Path, spec: str) -> list[tuple[str, str]]:
    for name in ("model.onnx", "model.joblib", "model.json", "in.jsonl"):
        (directory / name).write_text("not looked at")
    (directory / "fraud.yaml").write_text(SERVICE + spec)
    (loaded,) = load_project([directory]).services
    with pytest.raises(ModelError) as raised:
        model_file(loaded)
    return [(str(d.at).rpartition("/")[2], d.detail) for d in raised.value.diagnostics]


@pytest.mark.parametrize(
    ("spec", "at", "detail"),
    [
        ("  model: {uri: 's3://acme/fraud.onnx', version: '1'}\n", "fraud.yaml:5:16", "s3:// is not fetched yet"),
        ("  model: {uri: model.joblib, version: '1'}\n", "fraud.yaml:5:16", "the format sklearn is not served yet"),
        (
            "  model: {uri: model.json, format: xgboost, version: '1'}\n",
            "fraud.yaml:5:36",
            "the format xgboost is not served yet",
        ),
        (
            "  models:\n    a: {uri: model.onnx, version: '1'}\n",
            "fraud.yaml:6:5",
            "several models behind one service are not served yet",
        ),
    ],
)
def test_what_cannot_be_served_yet_is_told_at_its_place(spec: str, at: str, detail: str, tmp_path: Path) -> None:
    assert reasons(tmp_path, spec) == [(at, detail)]


def test_all_reasons_come_at_once(tmp_path: Path) -> None:
    spec = "  mode: async\n  model: {uri: 's3://acme/fraud.onnx', version: '1'}\n  async: {output: out/}\n"

    assert [detail for _, detail in reasons(tmp_path, spec)] == ["the mode async is not served yet", "s3:// is not fetched yet"]
