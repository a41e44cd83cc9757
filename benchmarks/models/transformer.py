"""Transformer encoders as PyTorch exports BERT (Devlin et al., 2018): attention and GELU in plain operators."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import TensorProto

from benchmarks.models.network import Array, Network, Subject, new_network

_CLASSES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoder:
    """Its sizes."""

    layers: int
    width: int
    heads: int
    words: int = 2000
    longest: int = 512

    @property
    def head(self) -> int:
        return self.width // self.heads


def transformer(folder: Path, name: str, encoder: Encoder, tokens: int, seed: int = 0) -> Subject:
    """A classifier of token sequences of any length; here they have so many tokens."""
    network = new_network(seed)
    ids = network.input("ids", "batch", "tokens", element=TensorProto.INT64)
    mask = network.input("mask", "batch", "tokens", element=TensorProto.INT64)
    hidden = _embedded(network, encoder, ids)
    added = added_mask(network, mask)
    for _ in range(encoder.layers):
        hidden = encoded(network, encoder, hidden, added)
    first = network.add("Gather", hidden, network.index(0), axis=1)
    path = network.save(folder / f"{name}.onnx", network.dense(first, encoder.width, _CLASSES), ("batch", _CLASSES))

    def inputs(batch: int, random: np.random.Generator) -> dict[str, Array]:
        return {"ids": random.integers(0, encoder.words, (batch, tokens)), "mask": np.ones((batch, tokens), np.int64)}

    return Subject(name=name, path=path, inputs=inputs, extents={"tokens": tokens})


def _embedded(network: Network, encoder: Encoder, ids: str) -> str:
    words = network.add("Gather", network.random_weight(encoder.words, encoder.width, inputs=1), ids)
    return normalized(network, encoder, network.add("Add", words, placed(network, encoder, ids)))


def placed(network: Network, encoder: Encoder, ids: str) -> str:
    """What is learned of each place in a sequence, for as many places as there are tokens."""
    length = network.add("Gather", network.add("Shape", ids), network.integers(1))
    places = network.random_weight(1, encoder.longest, encoder.width, inputs=1)
    return network.add("Slice", places, network.integers(0), length, network.integers(1))


def encoded(network: Network, encoder: Encoder, hidden: str, added: str) -> str:
    """One layer as BERT has it, which normalizes behind each sum."""
    hidden = normalized(network, encoder, network.add("Add", attention(network, encoder, hidden, added), hidden))
    return normalized(network, encoder, network.add("Add", fed_forward(network, encoder, hidden), hidden))


def added_mask(network: Network, mask: str) -> str:
    """0 where attention is allowed and a large negative number elsewhere: [batch, 1, 1, tokens]."""
    spread = network.add("Unsqueeze", mask, network.integers(1, 2))
    kept = network.add("Cast", spread, to=TensorProto.FLOAT)
    return network.add("Mul", network.add("Sub", network.scalar(1.0), kept), network.scalar(-1e9))


def attention(network: Network, encoder: Encoder, hidden: str, added: str = "") -> str:
    """Of each token to each other one; `added` to the scores forbids some."""
    query, key, value = (
        _by_head(network, encoder, network.linear(hidden, encoder.width, encoder.width), perm)
        for perm in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    )
    scores = network.add("Div", network.add("MatMul", query, key), network.scalar(encoder.head**0.5))
    shares = network.add("Softmax", network.add("Add", scores, added) if added else scores, axis=-1)
    mixed = network.add("Transpose", network.add("MatMul", shares, value), perm=[0, 2, 1, 3])
    joined = network.add("Reshape", mixed, network.integers(0, 0, encoder.width))
    return network.linear(joined, encoder.width, encoder.width)


def _by_head(network: Network, encoder: Encoder, last: str, perm: list[int]) -> str:
    split = network.add("Reshape", last, network.integers(0, 0, encoder.heads, encoder.head))
    return network.add("Transpose", split, perm=perm)


def fed_forward(network: Network, encoder: Encoder, hidden: str) -> str:
    """Two layers with a GELU between."""
    inner = network.linear(hidden, encoder.width, 4 * encoder.width)
    error = network.add("Erf", network.add("Div", inner, network.scalar(2**0.5)))
    shifted = network.add("Mul", inner, network.add("Add", error, network.scalar(1.0)))
    return network.linear(network.add("Mul", shifted, network.scalar(0.5)), 4 * encoder.width, encoder.width)


def normalized(network: Network, encoder: Encoder, last: str) -> str:
    scale, shift = (network.weight(np.full(encoder.width, value, np.float32)) for value in (1.0, 0.0))
    return network.add("LayerNormalization", last, scale, shift, axis=-1)
