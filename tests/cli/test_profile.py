"""`infractl profile`, as it is called: with no project, on real ONNX files and on a Hugging Face directory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from infractl.cli.main import main

LANGUAGE = Path(__file__).parents[1] / "cases" / "profile" / "language"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Gives stdout, or of a command that fails stderr. The current directory is empty, and in no project."""
    monkeypatch.setenv("INFRACTL_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    def run(*words: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as end:
            main(["profile", *words])
        out, err = capsys.readouterr()
        assert end.value.code == code, err
        assert (not out) if code else (not err), err
        return err if code else out

    return run


def test_a_model_outside_any_project_is_profiled(run: Callable[..., str], make_mlp: Callable[..., Path]) -> None:
    make_mlp(Path("fraud.onnx"), (30, 64, 2))

    text = run("fraud.onnx")

    assert "features FP32 [batch, 30]" in text
    assert "parameters  2,114\n" in text  # 30*64 + 64 + 64*2 + 2
    assert "× batch" in text
    assert "By layer" in text and "By operator" in text


def test_sizes_are_filled_in(run: Callable[..., str], make_mlp: Callable[..., Path]) -> None:
    make_mlp(Path("fraud.onnx"), (30, 64, 2))

    text = run("fraud.onnx", "--at", "batch=8")

    assert "dimensions  batch=8;" in text
    assert "× batch" not in text


@pytest.mark.parametrize(
    ("by", "there", "absent"), [("layer", "By layer", "By operator"), ("operator", "By operator", "By layer")]
)
def test_one_table_can_be_chosen(
    by: str, there: str, absent: str, run: Callable[..., str], make_mlp: Callable[..., Path]
) -> None:
    make_mlp(Path("fraud.onnx"))

    text = run("fraud.onnx", "--by", by)

    assert there in text and absent not in text


def test_the_document_holds_what_the_text_sums_up(run: Callable[..., str], make_mlp: Callable[..., Path]) -> None:
    make_mlp(Path("fraud.onnx"), (30, 64, 2))

    document = json.loads(run("fraud.onnx", "--json", "--at", "batch=8"))

    assert document["parameters"] == 2114
    assert document["dimensions"] == ["batch"]
    assert sum(group["nodes"] for group in document["by_layer"]) == len(document["given"]["operators"]) == 3
    (term,) = document["flops"]
    assert term["dimensions"] == ["batch"]
    assert document["at"] is not None and document["at"]["flops"] == 8 * term["coefficient"]


def test_data_beside_a_model_outside_any_project_is_found(run: Callable[..., str]) -> None:
    weights = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 64])],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    Path("models").mkdir()
    onnx.save(model, "models/big.onnx", save_as_external_data=True, location="big.bin", size_threshold=0)

    assert "parameters  4,096\n" in run("models/big.onnx")


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("batch=0", "batch is 0"),
        ("batch=-1", "batch is -1"),
        ("batch=1.5", "batch is 1.5"),
        ("batch=1000000001", "from 1 to 1,000,000,000"),
        ("batch=9999999999999999999999", "from 1 to 1,000,000,000"),
        ("batch=٣", "batch is ٣"),
        ("batch=", "batch is empty"),
        ("bacth=1", "did you mean batch?"),
        ("rows=1", "this model has: batch"),
        ("batch", "batch is no dimension with a size"),
        ("batch=1,", "an empty part"),
        ("batch=1,batch=2", "batch is given twice"),
        ("=1", "=1 is no dimension with a size"),
    ],
)
def test_sizes_that_make_no_sense_are_told(at: str, told: str, run: Callable[..., str], make_mlp: Callable[..., Path]) -> None:
    make_mlp(Path("fraud.onnx"))

    error = run("fraud.onnx", "--at", at, code=1)

    assert error.startswith("error[dimension-size]: ")
    assert told in error


def test_a_model_without_dynamic_dimensions_has_none_to_fill_in(run: Callable[..., str], make_mlp: Callable[..., Path]) -> None:
    make_mlp(Path("fixed.onnx"), batch=4)

    assert "this model has no dynamic dimensions: leave --at out" in run("fixed.onnx", "--at", "batch=1", code=1)
    assert "dimensions  none" in run("fixed.onnx")


def test_a_large_batch_overflows_nothing(run: Callable[..., str], make_mlp: Callable[..., Path]) -> None:
    make_mlp(Path("fraud.onnx"))

    text = run("fraud.onnx", "--at", "batch=1000000000")

    assert "nan" not in text and "inf" not in text
    assert "TFLOP" in text


def test_a_language_model_is_profiled_by_its_directory_or_its_config(run: Callable[..., str]) -> None:
    shutil.copytree(LANGUAGE / "llama-3.1-8b", "chat")

    by_directory, by_file = run("chat"), run("chat/config.json")

    assert by_directory.splitlines()[1:] == by_file.splitlines()[1:]
    assert "8.03 billion (8,030,261,248)" in by_directory
    assert "128KiB a token" in by_directory


def test_a_load_of_a_language_model_is_filled_in(run: Callable[..., str]) -> None:
    document = json.loads(run(str(LANGUAGE / "llama-3.1-8b"), "--json", "--at", "batch=8,context=1000"))

    assert document["at"]["kv_bytes"] == 8 * 1000 * 131_072


def test_an_encoder_says_that_it_generates_nothing(run: Callable[..., str]) -> None:
    text = run(str(LANGUAGE / "bert-base-uncased"), "--at", "sequence=128")

    assert "encoder, which generates no text" in text
    assert "cache" not in text


def test_a_config_tells_of_no_operators(run: Callable[..., str]) -> None:
    assert "a config.json tells of no operators" in run(str(LANGUAGE / "gpt2"), "--by", "operator", code=1)


def test_a_dimension_of_onnx_models_is_not_one_of_a_language_model(run: Callable[..., str]) -> None:
    assert "this model has: batch, prompt, context" in run(str(LANGUAGE / "gpt2"), "--at", "height=2", code=1)


def write_text(path: Path) -> None:
    path.write_text("not a model\n")


def write_yaml_directory(path: Path) -> None:
    path.mkdir()
    (path / "service.yaml").write_text("a: 1\n")


def write_onnx_directory(path: Path) -> None:
    path.mkdir()
    (path / "fraud.onnx").write_text("")


def write_config(text: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        path.mkdir()
        (path / "config.json").write_text(text)

    return write


@pytest.mark.parametrize(
    ("name", "write", "slug", "remedy"),
    [
        ("absent", None, "model-missing", "infractl profile MODEL"),
        ("note.txt", write_text, "model-unreadable", "export the model again"),
        ("model.safetensors", write_text, "model-unreadable", "name the directory that has its config.json"),
        ("empty", Path.mkdir, "model-unreadable", "a directory that has a Hugging Face config.json"),
        ("documents", write_yaml_directory, "model-unreadable", "a directory that has a Hugging Face config.json"),
        ("models", write_onnx_directory, "model-unreadable", "name the file: infractl profile models/fraud.onnx"),
        ("torn", write_config('{"model_type": '), "model-unreadable", "a directory that has a Hugging Face config.json"),
        ("deep", write_config("[" * 100_000), "model-unreadable", "a directory that has a Hugging Face config.json"),
        ("list", write_config("[]"), "model-unreadable", "a directory that has a Hugging Face config.json"),
        ("other", write_config('{"model_type": "whisper"}'), "language-model-unknown", "known are bert, deepseek_v2"),
        ("bare", write_config("{}"), "language-model-unknown", "export another model to ONNX"),
        ("short", write_config('{"model_type": "llama"}'), "language-model-config", "that came with the weights"),
    ],
)
def test_what_is_no_model_is_told_with_what_to_do(
    name: str, write: Callable[[Path], Any] | None, slug: str, remedy: str, run: Callable[..., str]
) -> None:
    if write is not None:
        write(Path(name))

    error = run(name, code=1)

    assert f"error[{slug}]: " in error
    assert remedy in error
