"""`infractl optimize`, as it is called: a model and data, with no project."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from infractl.cli.main import main
from infractl.engines.engine import SessionOptions
from infractl.engines.registry import open_engine
from infractl.report.optimized_document import optimized_schema
from tests.optimizer.network import dense

Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Gives stdout and stderr. The current directory has a model and data, and is in no project."""
    monkeypatch.setenv("INFRACTL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    session = open_engine("onnxruntime")(dense(Path("model.onnx"), width=512), SessionOptions())
    x = np.random.default_rng(1).normal(size=(1200, 8)).astype(np.float32)
    np.savez("data.npz", x=x, y=np.asarray(session.run({"x": x})["y"]).argmax(axis=1))

    def run(*words: str, code: int = 0) -> tuple[str, str]:
        with pytest.raises(SystemExit) as end:
            main(["optimize", *words])
        out, err = capsys.readouterr()
        assert end.value.code == code, err
        return out, err

    return run


def test_a_model_is_made_faster_and_a_second_run_answers_at_once(run: Run) -> None:
    words = ("model.onnx", "--validation", "data.npz", "--labels", "y", "--max-drop", "5%")

    out, err = run(*words, "--out", "best.onnx", "--svg", "front.svg", "--format", "json")

    document = json.loads(out)
    assert list(Draft202012Validator(optimized_schema()).iter_errors(document)) == []
    tried = document["optimized"]["optimization"]["tried"]
    assert tried[0]["recipe"]["name"] == "int8-dynamic"
    assert "held-out rows are enough to prove that accuracy drops by at most 5 points" in err
    assert "int8-dynamic: building" in err
    assert Path("best.onnx").read_bytes()
    assert Path("front.svg").read_text().startswith("<svg")

    told, again = run(*words, "--svg", "nowhere/front.svg", code=1)
    assert "building" not in again
    assert "int8-dynamic" in told and "as given" in told


def test_too_few_rows_are_told_before_anything_is_run(run: Run) -> None:
    _, err = run("model.onnx", "--validation", "data.npz", "--labels", "y", "--max-drop", "0.1%", "--limit", "1ms")

    assert "are too few to prove that accuracy drops by at most 0.1 points" in err


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        (("--target", "sagemaker"), "optimize-target"),
        (("--metric", "accuracy"), "optimize-data"),
        (("--labels", "z"), "data-labels-missing"),
        (("--limit", "soon"), "usage"),
        (("--max-drop", "200%"), "usage"),
    ],
)
def test_what_cannot_be_is_an_error(words: tuple[str, ...], slug: str, run: Run) -> None:
    _, err = run("model.onnx", "--validation", "data.npz", *words, code=1)

    assert f"error[{slug}]" in err


def test_a_language_model_is_not_optimized(run: Run) -> None:
    Path("language").mkdir()
    Path("language/config.json").write_text(
        (Path(__file__).parents[2] / "benchmarks/data/models/llama-3.1-8b/config.json").read_text()
    )

    _, err = run("language", "--validation", "data.npz", code=1)

    assert "error[optimize-language]" in err
