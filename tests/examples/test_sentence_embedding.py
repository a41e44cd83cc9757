"""The graph that is written node by node is the encoder that its weights were trained for."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from numpy.typing import NDArray

from infractl.profile.onnx import profile_onnx
from infractl.spec.load import load_project

FOLDER = Path(__file__).parents[2] / "examples" / "sentence-embedding"
SMALL = {
    "hidden_size": 24,
    "num_attention_heads": 3,
    "num_hidden_layers": 2,
    "intermediate_size": 40,
    "vocab_size": 50,
    "max_position_embeddings": 16,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
}

Weights = dict[str, NDArray[np.float32]]
Floats = NDArray[np.float64]


@pytest.fixture(scope="module")
def parts(example) -> SimpleNamespace:
    return example("sentence-embedding", "encoder", "package", "write", "embed")


def small_weights() -> Weights:
    """Of a BERT encoder of the sizes in SMALL, by their names in its checkpoints."""
    random = np.random.default_rng(5)
    hidden, wide = SMALL["hidden_size"], SMALL["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (SMALL["vocab_size"], hidden),
        "embeddings.position_embeddings.weight": (SMALL["max_position_embeddings"], hidden),
        "embeddings.token_type_embeddings.weight": (SMALL["type_vocab_size"], hidden),
    }
    layers = {"embeddings.LayerNorm": (hidden,)}
    for layer in range(SMALL["num_hidden_layers"]):
        part = f"encoder.layer.{layer}"
        layers |= {f"{part}.attention.self.{name}": (hidden, hidden) for name in ("query", "key", "value")}
        layers |= {f"{part}.attention.output.dense": (hidden, hidden), f"{part}.attention.output.LayerNorm": (hidden,)}
        layers |= {f"{part}.intermediate.dense": (wide, hidden), f"{part}.output.dense": (hidden, wide)}
        layers |= {f"{part}.output.LayerNorm": (hidden,)}
    for name, shape in layers.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    return {name: random.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


def by_hand(config: dict[str, Any], weights: Weights, ids: list[int]) -> Floats:
    """The vector of one sentence without padding, by the formulas of the BERT paper, head by head and in double precision."""
    w = {name: values.astype(np.float64) for name, values in weights.items()}

    def dense(x: Floats, part: str) -> Floats:
        return np.einsum("ti,oi->to", x, w[f"{part}.weight"]) + w[f"{part}.bias"]

    def norm(x: Floats, part: str) -> Floats:
        centred = x - x.mean(axis=1, keepdims=True)
        deviation = np.sqrt((centred**2).mean(axis=1, keepdims=True) + config["layer_norm_eps"])
        return centred / deviation * w[f"{part}.weight"] + w[f"{part}.bias"]

    def gelu(x: Floats) -> Floats:
        return x * np.vectorize(lambda v: (1 + math.erf(v / math.sqrt(2))) / 2)(x)

    tables = [w[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")]
    x = norm(
        np.array([tables[0][token] + tables[1][place] + tables[2][0] for place, token in enumerate(ids)]), "embeddings.LayerNorm"
    )
    width = config["hidden_size"] // config["num_attention_heads"]
    for layer in range(config["num_hidden_layers"]):
        part = f"encoder.layer.{layer}"
        query, key, value = (dense(x, f"{part}.attention.self.{name}") for name in ("query", "key", "value"))
        heads = []
        for start in range(0, config["hidden_size"], width):
            own = slice(start, start + width)
            paid = np.exp(query[:, own] @ key[:, own].T / math.sqrt(width))
            heads.append(paid / paid.sum(axis=1, keepdims=True) @ value[:, own])
        x = norm(dense(np.hstack(heads), f"{part}.attention.output.dense") + x, f"{part}.attention.output.LayerNorm")
        inner = gelu(dense(x, f"{part}.intermediate.dense"))
        x = norm(dense(inner, f"{part}.output.dense") + x, f"{part}.output.LayerNorm")
    mean = x.mean(axis=0)
    return np.asarray(mean / math.sqrt(float(mean @ mean)))


def embed(model: Path, *sentences: list[int], length: int | None = None) -> NDArray[np.float32]:
    """By the model's file, all in one batch, filled up with zeros to the longest or to `length`."""
    longest = length or max(map(len, sentences))
    ids = np.array([s + [0] * (longest - len(s)) for s in sentences], np.int64)
    mask = np.array([[1] * len(s) + [0] * (longest - len(s)) for s in sentences], np.int64)
    (vectors,) = ort.InferenceSession(model).run(["embedding"], {"ids": ids, "mask": mask})
    return np.asarray(vectors)


@pytest.fixture(scope="module")
def small(parts: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("encoder") / "small.onnx"
    onnx.save(parts.encoder.encoder(SMALL, small_weights()), path)
    return path


SENTENCES = ([2, 7, 31, 3], [2, 9, 9, 14, 48, 1, 3], [2, 3])


def test_the_graph_computes_what_the_formulas_say(small: Path) -> None:
    wanted = np.array([by_hand(SMALL, small_weights(), ids) for ids in SENTENCES])

    np.testing.assert_allclose(embed(small, *SENTENCES), wanted, atol=2e-6)


def test_padding_and_company_change_no_sentence(small: Path) -> None:
    together = embed(small, *SENTENCES, length=16)
    alone = np.vstack([embed(small, ids) for ids in SENTENCES])

    np.testing.assert_allclose(together, alone, atol=2e-6)
    assert np.abs(together[0] - together[1]).max() > 0.01


def test_its_cost_is_a_function_of_batch_and_sequence_and_no_operator_is_unknown(small: Path) -> None:
    profile = profile_onnx(small, small.parent)

    assert (set(profile.dimensions), profile.batch) == ({"batch", "sequence"}, "batch")
    assert not profile.run.uncosted


def test_the_declared_length_is_that_of_the_requests_it_is_measured_with(parts: SimpleNamespace, tmp_path: Path) -> None:
    for name in parts.write.DOCUMENTS:
        shutil.copy2(FOLDER / name, tmp_path)
    (tmp_path / "minilm.onnx").touch()

    (loaded,) = load_project([tmp_path]).services

    assert loaded.service.spec.traffic.shapes == {"batch": 1, "sequence": parts.write.USUAL}


def test_without_the_package_the_example_says_so_and_writes_nothing(
    parts: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setattr(parts.package, "PACKAGES", tmp_path / "packages")
    monkeypatch.setattr("sys.argv", ["write.py", str(tmp_path / "project")])

    assert parts.write.main() == 1

    assert "the model's package cannot be had" in capsys.readouterr().err
    assert not (tmp_path / "project").exists()


@pytest.mark.slow
def test_the_packaged_weights_give_what_their_authors_publish_and_what_the_formulas_say(
    parts: SimpleNamespace, tmp_path: Path
) -> None:
    try:
        package = parts.package.fetched()
    except parts.package.FetchError as error:
        pytest.skip(str(error))
    parts.write.write(package, tmp_path)
    ids = [package.tokenizer.encode(sentence).ids for sentence in parts.write.sentences()[:3]]
    request = {
        t["name"]: np.array(t["data"]).reshape(t["shape"]) for t in json.loads((tmp_path / "request.json").read_text())["inputs"]
    }

    (vectors,) = ort.InferenceSession(tmp_path / "minilm.onnx").run(None, request)

    np.testing.assert_allclose(vectors[:3] @ vectors[:3].T, parts.embed.PUBLISHED, atol=1e-4)
    np.testing.assert_allclose(
        vectors[:3], [by_hand(package.config, package.weights, [t for t in s if t]) for s in ids], atol=1e-5
    )
