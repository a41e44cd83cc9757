"""Decoders of the GPT-2 kind: every head has its own keys and values, the feed-forward block is not gated, all has biases.

Keys, shapes and defaults: `gpt2` and `gpt_neox` in Hugging Face's transformers.
"""

from __future__ import annotations

from infractl.domain.language_model import Attention, FeedForward
from infractl.profile.language.config import Config
from infractl.profile.language.part import Parts, alike, layer_count, linear


def gpt2(config: Config) -> Parts:
    """Positions have a table of their own, and the output matrix is that of the tokens."""
    hidden, positions = config.size("n_embd"), config.size("n_positions")
    width = config.size("n_inner", default=4 * hidden)
    return _parts(
        config,
        hidden=hidden,
        count=layer_count(config, "n_layer"),
        heads=config.size("n_head"),
        width=width,
        context=positions,
        position_parameters=positions * hidden,
        tied=config.flag("tie_word_embeddings", True),
    )


def gpt_neox(config: Config) -> Parts:
    """Positions are rotations, which have no parameters."""
    return _parts(
        config,
        hidden=config.size("hidden_size"),
        count=layer_count(config),
        heads=config.size("num_attention_heads"),
        width=config.size("intermediate_size"),
        context=config.size("max_position_embeddings", default=0) or None,
        position_parameters=0,
        tied=config.flag("tie_word_embeddings", False),
        attention_bias=config.flag("attention_bias", True),
    )


def _parts(
    config: Config,
    *,
    hidden: int,
    count: int,
    heads: int,
    width: int,
    context: int | None,
    position_parameters: int,
    tied: bool,
    attention_bias: bool = True,
) -> Parts:
    vocabulary = config.size("vocab_size")
    if hidden % heads:
        config.problem(f"the hidden size is {hidden}, no multiple of the {heads} heads")
    size = max(1, hidden // heads)
    attention = Attention(
        heads=heads,
        kv_heads=heads,
        head_size=size,
        value_size=size,
        parameters=4 * linear(hidden, hidden, attention_bias),
    )
    block = FeedForward(width=width, parameters=linear(hidden, width, True) + linear(width, hidden, True))
    return Parts(
        generates=True,
        hidden=hidden,
        vocabulary=vocabulary,
        tied=tied,
        context=context,
        embedding_parameters=vocabulary * hidden + position_parameters,
        other_parameters=2 * hidden,
        layers=alike([(attention, block)] * count, 4 * hidden),
    )
