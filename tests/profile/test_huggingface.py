"""Language models by their config.json, against what their authors published: a folder for each in cases/profile/language."""

from __future__ import annotations

import json
import os
import struct
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.domain.language_model import Attention, ElementSizes, FeedForward, LanguageModel
from infractl.errors import ModelError
from infractl.profile.huggingface import profile_huggingface
from infractl.profile.language.family import FAMILIES

CASES = Path(__file__).parents[1] / "cases" / "profile" / "language"
PUBLISHED = {case.name: tomllib.loads((case / "published.toml").read_text()) for case in sorted(CASES.iterdir())}


def model(name: str) -> LanguageModel:
    return profile_huggingface(CASES / name).model


def number(text: str) -> tuple[float, float]:
    """A published number, and how far off it may be: one percent, or one in its last digit where that is more."""
    digits, word = text.split()
    unit = {"million": 1e6, "billion": 1e9}[word]
    last = 10.0 ** -len(digits.partition(".")[2]) * unit
    return float(digits) * unit, max(0.01 * float(digits) * unit, last)


def having(key: str) -> list[str]:
    return [name for name, told in PUBLISHED.items() if key in told]


@pytest.fixture
def directory(tmp_path: Path) -> Callable[..., Path]:
    """A directory with the config.json of a case, some of its keys changed; one that becomes None is left out."""

    def write(case: str = "llama-3.1-8b", **changes: Any) -> Path:
        values = {**json.loads((CASES / case / "config.json").read_text()), **changes}
        kept = {key: value for key, value in values.items() if value is not None}
        (tmp_path / "config.json").write_text(json.dumps(kept))
        return tmp_path

    return write


def safetensors(path: Path, tensors: dict[str, tuple[str, list[int], int]], data: int | None = None) -> None:
    """A file with this header and as many bytes of data as it promises, or as are given. They are a hole: nothing is there."""
    header, end = dict[str, Any](), 0
    for name, (dtype, shape, size) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + (end if data is None else data))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_parameters_are_those_that_were_published(name: str) -> None:
    expected, off = number(PUBLISHED[name]["parameters"])

    assert model(name).parameters == pytest.approx(expected, abs=off)


@pytest.mark.parametrize("name", having("active"))
def test_the_parameters_of_a_token_are_those_that_were_published(name: str) -> None:
    """Some authors count the table of embeddings, of which a token reads one row."""
    told, known = PUBLISHED[name], model(name)
    expected, off = number(told["active"])

    assert known.active_parameters + told.get("table_counts", False) * known.embedding_parameters == pytest.approx(
        expected, abs=off
    )


@pytest.mark.parametrize("name", having("kv_bytes_per_token"))
def test_the_cache_is_what_was_published(name: str) -> None:
    assert model(name).kv_bytes_per_token() == PUBLISHED[name]["kv_bytes_per_token"]


@pytest.mark.parametrize("name", having("weights_gib"))
def test_quantized_weights_take_what_was_published(name: str) -> None:
    assert model(name).weight_bytes() / 2**30 == pytest.approx(PUBLISHED[name]["weights_gib"], rel=0.01)


@pytest.mark.parametrize("name", having("training_flops_per_token"))
def test_the_operations_are_a_third_of_those_of_training(name: str) -> None:
    """Training at 4,096 tokens goes forward once and back, which is twice as much, and makes the logits of each token."""
    known, tokens = model(name), 4096
    logits = 2 * known.output_parameters * (tokens - 1)

    each = 3 * (known.prefill_flops(tokens) + logits) / tokens

    assert each == pytest.approx(PUBLISHED[name]["training_flops_per_token"], rel=0.015)


def test_every_family_has_a_case() -> None:
    read = {model(name).family for name in PUBLISHED}

    assert set(FAMILIES) - read == {"xlm-roberta"}, "which is roberta under another name"


@given(tokens=st.integers(1, 200), window=st.none() | st.integers(1, 250))
def test_a_prompt_s_pairs_are_what_counting_them_gives(tokens: int, window: int | None) -> None:
    attention = Attention(heads=1, kv_heads=1, head_size=1, value_size=1, parameters=0, window=window)

    assert attention.pairs(tokens) == sum(min(token, window or token) for token in range(1, tokens + 1))


@pytest.mark.parametrize("name", PUBLISHED)
def test_reading_a_prompt_is_making_its_tokens_one_by_one_but_for_their_logits(name: str) -> None:
    """Latent attention is dearer token by token: it works on the latent vector then."""
    known = model(name)
    tokens = 64
    one_by_one = sum(known.decode_flops(context) for context in range(1, tokens + 1)) - 2 * known.output_parameters * (tokens - 1)
    norms = 2 * known.other_parameters * tokens

    if any(layers.attention.latent for layers in known.layers):
        assert known.prefill_flops(tokens) < one_by_one
    elif known.generates:
        assert known.prefill_flops(tokens) == pytest.approx(one_by_one - norms)


def test_a_cache_stops_growing_where_every_layer_has_a_window() -> None:
    mistral = model("mistral-7b")

    assert mistral.kv_bytes(4096) == 4096 * mistral.kv_bytes_per_token()
    assert mistral.kv_bytes(32768) == mistral.kv_bytes(4096)


def test_layers_without_a_window_keep_all_and_the_others_their_window() -> None:
    gemma = model("gemma-3-4b")

    assert [(layers.count, layers.attention.window) for layers in gemma.layers] == [(29, 1024), (5, None)]
    each = 2 * 4 * 256 * 2
    assert gemma.kv_bytes(8192) == each * (29 * 1024 + 5 * 8192)


def test_a_batch_touches_more_experts_and_never_more_than_there_are() -> None:
    block = FeedForward(width=1, parameters=0, experts=8, experts_per_token=2, expert_parameters=1)

    assert block.touched(1) == pytest.approx(2)
    assert block.touched(2) == pytest.approx(8 * (1 - 0.75**2))
    assert 7.99 < block.touched(10_000) <= 8


def test_a_step_of_one_sequence_reads_the_parameters_of_a_token_and_its_cache() -> None:
    mixtral = model("mixtral-8x7b")

    read = mixtral.decode_bytes(1, 1000, ElementSizes.uniform(2))

    assert read == pytest.approx(2 * (mixtral.active_parameters + mixtral.hidden) + mixtral.kv_bytes(1000))


def test_a_step_of_a_large_batch_reads_every_weight_once() -> None:
    mixtral = model("mixtral-8x7b")

    weights = mixtral.decode_bytes(1000, 1) - 1000 * mixtral.kv_bytes(1)

    assert weights == pytest.approx(mixtral.weight_bytes() - 2 * mixtral.embedding_parameters, rel=1e-3)


def test_tied_embeddings_are_counted_once_and_still_make_the_logits() -> None:
    qwen = model("qwen3-0.6b")

    assert qwen.tied and qwen.head_parameters == 0
    assert qwen.output_parameters == 151_936 * 1024


def test_an_encoder_has_parameters_and_no_cache() -> None:
    bert = model("bert-base-uncased")

    assert not bert.generates
    assert bert.kv_bytes(512) == bert.kv_bytes_per_token() == 0


@pytest.mark.parametrize(
    ("declared", "bits"),
    [
        ({"quant_method": "gptq", "bits": 4, "group_size": 128}, 4 + 20 / 128),
        ({"quant_method": "awq", "bits": 4, "group_size": 64}, 4 + 20 / 64),
        ({"quant_method": "fp8"}, 8),
        ({"load_in_4bit": True, "quant_method": "bitsandbytes"}, 4.5),
        ({"quant_method": "compressed-tensors", "config_groups": {"group_0": {"weights": {"num_bits": 8}}}}, 8),
    ],
    ids=lambda given: str(given.get("quant_method")) if isinstance(given, dict) else "",
)
def test_a_declared_quantization_is_that_of_the_layers_alone(
    declared: dict[str, Any], bits: float, directory: Callable[..., Path]
) -> None:
    known = profile_huggingface(directory(quantization_config=declared)).model

    ends = known.embedding_parameters + known.head_parameters + known.other_parameters
    assert known.weight_bytes() == pytest.approx(2 * ends + bits / 8 * (known.parameters - ends))


def test_a_quantization_that_is_not_known_is_told(directory: Callable[..., Path]) -> None:
    profile = profile_huggingface(directory(quantization_config={"quant_method": "hqq"}))

    assert profile.weight_bytes == 2 * profile.model.parameters
    assert any("hqq is not known" in note for note in profile.notes)


def test_weights_beside_the_config_are_counted_by_their_header(directory: Callable[..., Path]) -> None:
    path = directory("qwen3-0.6b")
    parameters = model("qwen3-0.6b").parameters
    safetensors(path / "model.safetensors", {"all": ("BF16", [parameters - 8], 2 * (parameters - 8)), "bias": ("F32", [8], 32)})

    profile = profile_huggingface(path)

    assert profile.parameters == parameters
    assert profile.weight_bytes == 2 * (parameters - 8) + 32
    assert profile.stored and dict(profile.stored.bytes_by_dtype) == {"BF16": 2 * (parameters - 8), "F32": 32}
    assert profile.notes == ()


def test_weights_that_the_config_does_not_describe_are_told_and_take_precedence(directory: Callable[..., Path]) -> None:
    path = directory("qwen3-0.6b")
    safetensors(path / "model.safetensors", {"all": ("BF16", [1000, 1000], 2_000_000)})

    profile = profile_huggingface(path)

    assert profile.parameters == 1_000_000
    assert "hold 1,000,000 parameters" in profile.notes[0]


def test_packed_weights_tell_their_bytes_and_not_their_number(directory: Callable[..., Path]) -> None:
    path = directory("qwen3-0.6b")
    safetensors(path / "model.safetensors", {"q": ("I32", [1000], 4000), "scales": ("F16", [10], 20)})

    profile = profile_huggingface(path)

    assert profile.parameters == profile.model.parameters
    assert profile.weight_bytes == 4020
    assert "packed" in profile.notes[0]


def test_constants_that_older_files_hold_are_no_parameters(directory: Callable[..., Path]) -> None:
    path = directory("gpt2")
    parameters = model("gpt2").parameters
    mask = {f"h.{n}.attn.bias": ("F32", [1, 1, 1024, 1024], 4 * 1024**2) for n in range(12)}
    safetensors(path / "model.safetensors", {"all": ("F32", [parameters], 4 * parameters), **mask})

    assert profile_huggingface(path).parameters == parameters


def test_files_that_an_index_names_are_summed_up(directory: Callable[..., Path]) -> None:
    path = directory("qwen3-0.6b")
    half = model("qwen3-0.6b").parameters // 2
    for name in ("one.safetensors", "two.safetensors"):
        safetensors(path / name, {name: ("BF16", [half], 2 * half)})
    index = {"metadata": {"total_size": 4 * half}, "weight_map": {"a": "one.safetensors", "b": "two.safetensors"}}
    (path / "model.safetensors.index.json").write_text(json.dumps(index))

    whole = profile_huggingface(path)
    (path / "two.safetensors").unlink()
    part = profile_huggingface(path)

    assert whole.parameters == 2 * half and whole.weight_bytes == 4 * half
    assert part.parameters == part.model.parameters and part.weight_bytes == 4 * half
    assert "1 of 2 files" in part.notes[0]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "does not begin with the length"),
        (b"\xff" * 8, "does not begin with the length"),
        (struct.pack("<Q", 4) + b"null", "no JSON object"),
        (struct.pack("<Q", 4) + b"{]}}", "not JSON"),
        (struct.pack("<Q", 12) + b'{"a": "b"   ' + b"}", "not JSON"),
        (struct.pack("<Q", 10) + b'{"a": 17 }', "does not describe a as a tensor"),
        (struct.pack("<Q", 100) + b"{}", "does not begin with the length"),
    ],
)
def test_damaged_weights_are_an_error(content: bytes, reason: str, directory: Callable[..., Path]) -> None:
    path = directory()
    (path / "model.safetensors").write_bytes(content)

    with pytest.raises(ModelError, match=reason) as raised:
        profile_huggingface(path)

    assert raised.value.diagnostics[0].slug == "weights-unreadable"


@pytest.mark.parametrize("name", ["model.safetensors", "model.safetensors.index.json", "config.json"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_regular_file_is_not_waited_for(
    name: str, make: Callable[[Path], None], directory: Callable[..., Path]
) -> None:
    path = directory()
    (path / name).unlink(missing_ok=True)
    make(path / name)

    with pytest.raises(ModelError, match="no regular file"):
        profile_huggingface(path)


def test_weights_that_were_copied_in_part_are_an_error(directory: Callable[..., Path]) -> None:
    path = directory()
    safetensors(path / "model.safetensors", {"all": ("BF16", [1000], 2000)}, data=1999)

    with pytest.raises(ModelError, match="not copied as a whole"):
        profile_huggingface(path)


@pytest.mark.parametrize("shard", ["../other.safetensors", "/etc/passwd", "", ".."])
def test_an_index_leads_nowhere_else(shard: str, directory: Callable[..., Path]) -> None:
    path = directory()
    (path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a": shard}}))

    with pytest.raises(ModelError, match="does not name files of this directory"):
        profile_huggingface(path)


@pytest.mark.parametrize("family", ["t5", "LlamaForCausalLM", 7, None])
def test_an_unknown_architecture_is_named_with_those_that_are_known(family: object, directory: Callable[..., Path]) -> None:
    with pytest.raises(ModelError) as raised:
        profile_huggingface(directory(model_type=family))

    (told,) = raised.value.diagnostics
    assert told.slug == "language-model-unknown"
    assert (str(family) if isinstance(family, str) else "no model_type") in told.detail
    assert "llama" in told.remedy


def test_every_missing_or_wrong_size_is_told_at_once(directory: Callable[..., Path]) -> None:
    with pytest.raises(ModelError) as raised:
        profile_huggingface(directory(hidden_size=None, num_hidden_layers=-1, vocab_size="many", intermediate_size=2**70))

    details = [d.detail for d in raised.value.diagnostics]
    assert {d.slug for d in raised.value.diagnostics} == {"language-model-config"}
    for told in ("hidden_size is missing", "num_hidden_layers is -1", 'vocab_size is "many"', "intermediate_size is 1180591"):
        assert any(told in detail for detail in details), details


@pytest.mark.parametrize(
    ("case", "changes", "told"),
    [
        ("llama-3.1-8b", {"num_attention_heads": 33}, "no multiple of the 33 heads"),
        ("llama-3.1-8b", {"num_key_value_heads": 64}, "more than the 32 heads"),
        ("llama-3.1-8b", {"num_attention_heads": True}, "num_attention_heads is true"),
        ("llama-3.1-8b", {"tie_word_embeddings": "no"}, "must be true or false"),
        ("gpt-oss-20b", {"layer_types": ["full_attention"]}, "has 1 items, and there are 24 layers"),
        ("gpt-oss-20b", {"layer_types": ["linear_attention"] * 24}, "only full_attention and sliding_attention"),
        ("mixtral-8x7b", {"num_experts_per_tok": 9}, "more than the 8 experts"),
        ("deepseek-v3", {"num_experts_per_tok": 257}, "more than the 256 experts"),
        ("deepseek-v3", {"kv_lora_rank": None}, "kv_lora_rank is missing"),
        ("qwen3-30b-a3b", {"mlp_only_layers": 3}, "must be a list"),
        ("gpt2", {"n_layer": None}, "n_layer is missing"),
        ("bert-base-uncased", {"num_attention_heads": 7}, "no multiple of the 7 heads"),
    ],
)
def test_sizes_that_contradict_each_other_are_told(
    case: str, changes: dict[str, Any], told: str, directory: Callable[..., Path]
) -> None:
    with pytest.raises(ModelError, match=told):
        profile_huggingface(directory(case, **changes))


def test_the_largest_sizes_that_pass_stay_finite(directory: Callable[..., Path]) -> None:
    most = 100_000_000
    path = directory(
        vocab_size=most, hidden_size=most, intermediate_size=most, num_hidden_layers=10_000, num_attention_heads=most,
        num_key_value_heads=most, head_dim=most,
    )  # fmt: skip

    known = profile_huggingface(path).model

    for value in (known.weight_bytes(), known.prefill_flops(10**9), known.decode_bytes(10**9, 10**9)):
        assert 0 < value < float("inf")


def test_dense_layers_among_sparse_ones_are_told_apart(directory: Callable[..., Path]) -> None:
    known = profile_huggingface(directory("qwen3-30b-a3b", decoder_sparse_step=2, mlp_only_layers=[1])).model

    assert [(layers.count, layers.feed_forward.experts) for layers in known.layers] == [(25, 0), (23, 128)]
