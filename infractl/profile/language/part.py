"""What the readers of all families give, and the sums that they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from infractl.domain.language_model import Attention, FeedForward, Layers
from infractl.profile.language.config import MOST_LAYERS, Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A model but for its element sizes."""

    generates: bool
    hidden: int
    vocabulary: int
    tied: bool
    context: int | None
    embedding_parameters: int
    other_parameters: int
    layers: tuple[Layers, ...]


def linear(inputs: int, outputs: int, bias: bool = False) -> int:
    """The parameters of a matrix, with a bias for each output."""
    return inputs * outputs + (outputs if bias else 0)


def layer_count(config: Config, *keys: str) -> int:
    return config.size(*(keys or ("num_hidden_layers",)), most=MOST_LAYERS)


def head_size(config: Config, hidden: int, heads: int) -> int:
    """`head_dim`, which is the hidden size shared among the heads where it is not given."""
    if config.has("head_dim"):
        return config.size("head_dim")
    if hidden % heads:
        config.problem(f"hidden_size is {hidden}, no multiple of the {heads} heads, and head_dim is missing")
    return max(1, hidden // heads)


def alike(layers: Iterable[tuple[Attention, FeedForward]], norm_parameters: int) -> tuple[Layers, ...]:
    """Layers that are the same, counted, in the order of their first."""
    return tuple(
        Layers(count=count, attention=attention, feed_forward=feed_forward, norm_parameters=norm_parameters)
        for (attention, feed_forward), count in Counter(layers).items()
    )
