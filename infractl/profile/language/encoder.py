"""Encoders of the BERT kind: every token sees all others, and nothing is generated. A head for one task is not counted.

Keys, shapes and defaults: `bert` and `roberta` in Hugging Face's transformers.
"""

from __future__ import annotations

from infractl.domain.language_model import Attention, FeedForward
from infractl.profile.language.config import Config
from infractl.profile.language.part import Parts, alike, layer_count, linear


def encoder(config: Config) -> Parts:
    """The tables of tokens, positions and segments with a norm; two norms a layer; and the pooler."""
    hidden, vocabulary = config.size("hidden_size"), config.size("vocab_size")
    positions, segments = config.size("max_position_embeddings"), config.size("type_vocab_size", default=2, least=0)
    heads, width, count = config.size("num_attention_heads"), config.size("intermediate_size"), layer_count(config)
    if hidden % heads:
        config.problem(f"hidden_size is {hidden}, no multiple of the {heads} heads")
    size = max(1, hidden // heads)
    if config.flag("is_decoder", False):
        config.notes.append("is_decoder is true, and it is counted as an encoder nevertheless")
    attention = Attention(
        heads=heads, kv_heads=heads, head_size=size, value_size=size, parameters=4 * linear(hidden, hidden, True)
    )
    block = FeedForward(width=width, parameters=linear(hidden, width, True) + linear(width, hidden, True))
    return Parts(
        generates=False,
        hidden=hidden,
        vocabulary=vocabulary,
        tied=False,
        context=positions,
        embedding_parameters=(vocabulary + positions + segments) * hidden + 2 * hidden,
        other_parameters=linear(hidden, hidden, True),
        layers=alike([(attention, block)] * count, 4 * hidden),
    )
