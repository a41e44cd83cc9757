"""Decoders with a gated feed-forward block, root-mean-square norms and grouped queries: the Llama line, dense or with experts.

What a family has besides is in `DECODERS`, with the defaults of the keys that its published configs leave out; names and defaults
are those of `configuration_*.py` and `modeling_*.py` in Hugging Face's transformers (4.57 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from infractl.domain.language_model import Attention, FeedForward
from infractl.profile.language.config import Config
from infractl.profile.language.part import Parts, alike, head_size, layer_count, linear


class Windowed(Enum):
    """Which layers a window is for."""

    every = auto()
    alternating = auto()
    upper = auto()
    """Those from `max_window_layers` on."""
    lower_alternating = auto()
    """Every other one of those below `max_window_layers`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """How a family differs. `qkv_bias` and `output_bias` hold where `attention_bias` is not in the config."""

    tied: bool = False
    qkv_bias: bool = False
    output_bias: bool = False
    head_norms: bool = False
    """Norms of queries and keys, a weight for each element of a head."""
    norms: int = 2
    sinks: bool = False
    """A learned weight for each head that takes part in the softmax."""
    window: int | None = None
    """Where `sliding_window` is absent."""
    window_flag: bool = False
    """The window holds only where `use_sliding_window` is true."""
    windowed: Windowed = Windowed.every
    alternates: int = 2
    """Each so many layers there is one that sees all, where they alternate."""
    experts: bool = False
    expert_bias: bool = False
    sparse_keys: bool = False
    """`decoder_sparse_step` and `mlp_only_layers` say which layers have experts."""


DECODERS: dict[str, Traits] = {
    "llama": Traits(),
    "mistral": Traits(window=4096),
    "phi3": Traits(),
    "qwen2": Traits(qkv_bias=True, window=4096, window_flag=True, windowed=Windowed.upper),
    "qwen3": Traits(head_norms=True, window=4096, window_flag=True, windowed=Windowed.upper),
    "gemma": Traits(tied=True),
    "gemma2": Traits(tied=True, norms=4, window=4096, windowed=Windowed.alternating),
    "gemma3_text": Traits(tied=True, norms=4, head_norms=True, window=4096, windowed=Windowed.alternating, alternates=6),
    "mixtral": Traits(experts=True),
    "qwen2_moe": Traits(
        qkv_bias=True, window=4096, window_flag=True, windowed=Windowed.lower_alternating, experts=True, sparse_keys=True
    ),
    "qwen3_moe": Traits(head_norms=True, window=4096, window_flag=True, experts=True, sparse_keys=True),
    "gpt_oss": Traits(
        qkv_bias=True,
        output_bias=True,
        sinks=True,
        window=128,
        windowed=Windowed.alternating,
        experts=True,
        expert_bias=True,
    ),
}

_LEFT_OUT: dict[str, dict[str, int]] = {
    "mistral": {"num_key_value_heads": 8},
    "gemma": {"head_dim": 256},
    "gemma2": {"head_dim": 256, "num_key_value_heads": 4},
    "gemma3_text": {
        "head_dim": 256,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "vocab_size": 262_208,
        "max_position_embeddings": 131_072,
    },
    "qwen3": {"head_dim": 128},
}
"""Gemma 3's configs have little more than the sizes in which they differ; the others leave out a key now and then."""


def gated_decoder(config: Config) -> Parts:
    family = config.values["model_type"]
    traits = DECODERS[family]
    config = _completed(config, family)
    hidden, vocabulary = config.size("hidden_size"), config.size("vocab_size")
    count = layer_count(config)
    windows = _windows(config, traits, count)
    blocks = _blocks(config, traits, hidden, count)
    attention = {window: _attention(config, traits, hidden, window) for window in set(windows)}
    return Parts(
        generates=True,
        hidden=hidden,
        vocabulary=vocabulary,
        tied=config.flag("tie_word_embeddings", traits.tied),
        context=config.size("max_position_embeddings", default=0) or None,
        embedding_parameters=vocabulary * hidden,
        other_parameters=hidden,
        layers=alike(((attention[w], block) for w, block in zip(windows, blocks, strict=False)), traits.norms * hidden),
    )


def _completed(config: Config, family: str) -> Config:
    """The same config, which goes on collecting, with what its family leaves out."""
    left_out: dict[str, Any] = {k: v for k, v in _LEFT_OUT.get(family, {}).items() if not config.has(k)}
    config.values = {**config.values, **left_out}
    return config


def _attention(config: Config, traits: Traits, hidden: int, window: int | None) -> Attention:
    heads = config.size("num_attention_heads")
    kv_heads = config.size("num_key_value_heads", default=heads)
    if kv_heads > heads:
        config.problem(f"num_key_value_heads is {kv_heads}, more than the {heads} heads")
    size = head_size(config, hidden, heads)
    qkv_bias = config.flag("attention_bias", config.flag("qkv_bias", traits.qkv_bias))
    output_bias = traits.output_bias if traits.qkv_bias else config.flag("attention_bias", False)
    parameters = (
        linear(hidden, heads * size, qkv_bias)
        + 2 * linear(hidden, kv_heads * size, qkv_bias)
        + linear(heads * size, hidden, output_bias)
        + (2 * size if traits.head_norms else 0)
        + (heads if traits.sinks else 0)
    )
    return Attention(heads=heads, kv_heads=kv_heads, head_size=size, value_size=size, parameters=parameters, window=window)


def _windows(config: Config, traits: Traits, count: int) -> list[int | None]:
    """How far each layer sees."""
    window = config.window(traits.window)
    if traits.window_flag and not config.flag("use_sliding_window", False):
        return [None] * count
    each = config.size("sliding_window_pattern", "_sliding_window_pattern", default=traits.alternates)
    bound = config.size("max_window_layers", default=28, least=0)
    windows = [window if _has_window(traits.windowed, layer, each, bound) else None for layer in range(count)]
    return config.layer_windows(count, windows, window)


def _has_window(windowed: Windowed, layer: int, each: int, bound: int) -> bool:
    match windowed:
        case Windowed.every:
            return True
        case Windowed.alternating:
            return (layer + 1) % each != 0
        case Windowed.upper:
            return layer >= bound
        case Windowed.lower_alternating:
            return layer % 2 == 0 and layer < bound


def _blocks(config: Config, traits: Traits, hidden: int, count: int) -> list[FeedForward]:
    """The feed-forward block of each layer."""
    if not traits.experts:
        return [_dense(config, hidden)] * count
    routed = _routed(config, traits, hidden)
    if not traits.sparse_keys:
        return [routed] * count
    step = config.size("decoder_sparse_step", default=1)
    dense_layers = config.items("mlp_only_layers")
    sparse = [layer not in dense_layers and (layer + 1) % step == 0 for layer in range(count)]
    dense = routed if all(sparse) else _dense(config, hidden)
    return [routed if holds else dense for holds in sparse]


def _dense(config: Config, hidden: int) -> FeedForward:
    width, bias = config.size("intermediate_size"), config.flag("mlp_bias", False)
    return FeedForward(width=width, parameters=2 * linear(hidden, width, bias) + linear(width, hidden, bias))


def _routed(config: Config, traits: Traits, hidden: int) -> FeedForward:
    """A router, its experts, and a shared expert with a gate of its own where there is one."""
    experts = config.size("num_local_experts", "num_experts")
    chosen = config.size("num_experts_per_tok", "experts_per_token")
    if chosen > experts:
        config.problem(f"num_experts_per_tok is {chosen}, more than the {experts} experts")
    width = config.size("moe_intermediate_size") if traits.sparse_keys else config.size("intermediate_size")
    shared = config.size("shared_expert_intermediate_size", default=0, least=0)
    bias = traits.expert_bias
    return FeedForward(
        width=width,
        parameters=linear(hidden, experts, bias) + (3 * hidden * shared + hidden if shared else 0),
        experts=experts,
        experts_per_token=chosen,
        expert_parameters=2 * linear(hidden, width, bias) + linear(width, hidden, bias),
        shared_width=shared,
    )
