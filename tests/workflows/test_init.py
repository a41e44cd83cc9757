"""The starter that init writes: valid, true to the model, and ready to be planned."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from infractl.errors import ModelError, UsageError
from infractl.spec.load import load_project
from infractl.workflows.init import init


def determinants(path: Path) -> Path:
    """Of an operator whose cost nobody tells."""
    graph = helper.make_graph(
        [helper.make_node("Det", ["x"], ["y"])],
        "determinants",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n"])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


def test_a_starter_loads_and_names_what_the_model_takes_and_gives(
    tmp_path: Path, make_mlp: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make_mlp(Path("Fraud Model v2.onnx"), (30, 8, 2))

    starter = init(Path("Fraud Model v2.onnx"), Path())

    (loaded,) = load_project([Path()]).services
    text = starter.document.read_text()
    assert loaded.service.name == starter.service == "fraud-model-v2"
    assert loaded.service.spec.slo.latency.p99 == 0.05
    assert "features FP32 [batch, 30]" in text and "scores FP32 [batch, 2]" in text
    assert "266 parameters" in text  # 30*8 + 8 + 8*2 + 2


def test_a_model_whose_cost_is_not_known_gets_no_slo_that_plan_would_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    starter = init(determinants(Path("eyes.onnx")), Path())

    (loaded,) = load_project([Path()]).services
    assert loaded.service.spec.slo.latency.limits_s == {}
    assert "not known (Det)" in starter.document.read_text()


def test_init_writes_over_nothing(tmp_path: Path, make_mlp: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = make_mlp(Path("fraud.onnx"))
    Path("infractl.yaml").write_text("project: mine\n")
    init(model, Path())

    with pytest.raises(UsageError, match="file-exists"):
        init(model, Path())

    assert Path("infractl.yaml").read_text() == "project: mine\n"


def test_a_starter_in_a_directory_of_a_project_belongs_to_it_and_finds_its_model(
    tmp_path: Path, make_mlp: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("infractl.yaml").write_text("project: mine\n")
    model = make_mlp(Path("fraud.onnx"))

    starter = init(model, Path("sub/dir"))

    loaded = load_project([Path()])
    assert starter.files == (Path("sub/dir/fraud.yaml"),)
    assert 'uri: "../../fraud.onnx"' in starter.document.read_text()
    assert loaded.services[0].model_path == tmp_path / "fraud.onnx"
    assert load_project([Path("sub/dir")]).project.project == "mine"


def test_a_model_outside_of_the_project_leaves_nothing_behind(
    tmp_path: Path, make_mlp: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = make_mlp(Path("fraud.onnx"))

    with pytest.raises(UsageError, match="model-outside-project"):
        init(model, Path("sub/dir"))

    assert sorted(tmp_path.iterdir()) == [tmp_path / "fraud.onnx"]


def test_where_one_file_is_in_the_way_none_is_written(
    tmp_path: Path, make_mlp: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = make_mlp(Path("fraud.onnx"))
    Path("infractl.yaml").symlink_to("gone.yaml")

    with pytest.raises(UsageError, match=r"file-exists.*infractl\.yaml"):
        init(model, Path())

    assert not Path("fraud.yaml").exists()


@pytest.mark.parametrize(
    ("file", "name"),
    [("My Möd el.v1.onnx", "my-mod-el-v1"), ("Größe.onnx", "grosse"), ("ﬁsh_2.onnx", "fish-2"), ("模型.onnx", "service")],
)
def test_a_name_is_as_near_to_the_file_s_as_letters_allow(
    file: str, name: str, tmp_path: Path, make_mlp: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    starter = init(make_mlp(Path(file)), Path())

    (loaded,) = load_project([Path()]).services
    assert starter.service == loaded.name == name
    assert f"ports: {{{name}: 8080}}" in Path("infractl.yaml").read_text()


def test_a_model_that_is_not_there_is_told_without_a_document_that_is_not_there_either(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as raised:
        init(tmp_path / "nope.onnx", tmp_path)

    (problem,) = raised.value.diagnostics
    assert problem.slug == "model-missing"
    assert "spec.model" not in problem.remedy and "infractl init" in problem.remedy
    assert list(tmp_path.iterdir()) == []


def uncommented(text: str) -> str:
    """The starter with everything that it offers in comments taken up."""
    return re.sub(r"^( +)# (\w+: [^#\n]*)", r"\1\2", text, flags=re.MULTILINE)


def test_what_a_starter_offers_in_comments_is_valid_too(
    tmp_path: Path, make_mlp: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    starter = init(make_mlp(Path("fraud.onnx")), Path())
    text = uncommented(starter.document.read_text()).replace('sha256: ""', f"sha256: {'ab' * 32}")
    starter.document.write_text(text)

    (loaded,) = load_project([Path()]).services

    assert loaded.service.spec.lifecycle.protect
    assert loaded.service.spec.budget.monthly is not None
    assert "#" not in re.sub(r"#.*", "", text)


def test_a_language_model_s_starter_promises_tokens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny-chat").mkdir()
    Path("tiny-chat/config.json").write_text('{"model_type": "llama\\n", "num_hidden_layers": 4, "hidden_size": 64}')

    starter = init(Path("tiny-chat"), Path())

    (loaded,) = load_project([Path()]).services
    assert loaded.service.spec.slo.ttft.limits_s == {95: 0.5}
    assert loaded.service.spec.traffic.shapes == {"prompt": 500, "output": 200}
    assert "llama?, 4 layers, 64 wide" in starter.document.read_text()


@pytest.mark.parametrize(("file", "told"), [("trees.ubj", "xgboost"), ("net.pt2", "torch-export"), ("forest.joblib", "sklearn")])
def test_another_format_is_named_and_never_opened(file: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(file).write_bytes(b"not looked at")

    init(Path(file), Path())

    (loaded,) = load_project([Path()]).services
    assert loaded.service.model.format == told


@pytest.mark.parametrize(
    ("case", "fact", "promised"),
    [
        ("gpt-oss-20b", "gpt_oss, 20.9 billion parameters, 12.8GiB", "ttft: {p95: 500ms}"),
        ("bert-base-uncased", "bert, 109 million parameters, 418MiB", "p99: 50ms"),
    ],
)
def test_a_starter_for_a_known_architecture_says_what_it_takes_and_promises_what_it_can(
    case: str, fact: str, promised: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(Path(__file__).parents[1] / "cases" / "profile" / "language" / case, "model")

    starter = init(Path("model"), Path())

    text = starter.document.read_text()
    assert load_project([starter.document]).services
    assert fact in text and promised in text


@pytest.mark.parametrize("config", [None, "[", "[]"])
def test_a_directory_without_a_sound_config_is_no_model(
    config: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chat").mkdir()
    if config is not None:
        Path("chat/config.json").write_text(config)

    with pytest.raises(ModelError, match="model-unreadable"):
        init(Path("chat"), Path())

    assert sorted(p.name for p in tmp_path.iterdir()) == ["chat"]


def test_what_is_neither_onnx_nor_told_by_its_name_is_of_an_unknown_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.safetensors").write_bytes(b"weights")

    with pytest.raises(ModelError, match="format-unknown"):
        init(Path("net.safetensors"), Path())
