"""GPT-2 small (Radford et al., 2019) over a whole prompt, as PyTorch exports Hugging Face's GPT2LMHeadModel without a cache.

Its projections are Gemms over all tokens, and the table of words is also the last product's matrix. Published: 124,439,808
parameters (GPT2LMHeadModel of gpt2) and 291,648,307,200 operations of matrix products for 1,024 tokens (nanoGPT's
transformer_sizing.ipynb), which is half as many multiply-accumulates.
"""

from __future__ import annotations

from onnx import ModelProto, TensorProto, helper

from benchmarks.architectures.architecture import Architecture
from benchmarks.models.network import Network, new_network
from benchmarks.models.transformer import Encoder, normalized, placed

SMALL = Encoder(layers=12, width=768, heads=12, words=50257, longest=1024)


def gpt2_small() -> ModelProto:
    return gpt2(SMALL)


def gpt2(decoder: Encoder) -> ModelProto:
    """`input_ids` [batch, sequence] to the `logits` of each next token [batch, sequence, words]."""
    network = new_network(124)
    ids = network.input("input_ids", "batch", "sequence", element=TensorProto.INT64)
    table = network.random_weight(decoder.words, decoder.width, inputs=decoder.width)
    hidden = network.add("Add", network.add("Gather", table, ids), placed(network, decoder, ids))
    extent, added = network.add("Shape", ids), _hidden_future(network, ids)
    for _ in range(decoder.layers):
        mixed = _attention(network, decoder, normalized(network, decoder, hidden), extent, added)
        hidden = network.add("Add", mixed, hidden)
        hidden = network.add("Add", _fed_forward(network, decoder, normalized(network, decoder, hidden), extent), hidden)
    turned = network.add("Transpose", table, perm=[1, 0])
    logits = network.add("MatMul", normalized(network, decoder, hidden), turned)
    network.output("logits", logits, "batch", "sequence", decoder.words)
    return network.model("gpt2")


def _hidden_future(network: Network, ids: str) -> str:
    """0 up to each token and a large negative number behind it: [sequence, sequence]."""
    length = network.add("Gather", network.add("Shape", ids), network.integers(1))
    square = network.add("Concat", length, length, axis=0)
    forbidden = helper.make_tensor("forbidden", TensorProto.FLOAT, [1], [-1e9])
    return network.add("Trilu", network.add("ConstantOfShape", square, value=forbidden), network.index(1), upper=1)


def _attention(network: Network, decoder: Encoder, hidden: str, extent: str, added: str) -> str:
    joined = _projected(network, hidden, extent, decoder.width, 3 * decoder.width)
    query, key, value = (
        _by_head(network, decoder, joined, place, perm) for place, perm in enumerate(([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]))
    )
    scores = network.add("Div", network.add("MatMul", query, key), network.scalar(decoder.head**0.5))
    shares = network.add("Softmax", network.add("Add", scores, added), axis=-1)
    mixed = network.add("Transpose", network.add("MatMul", shares, value), perm=[0, 2, 1, 3])
    together = network.add("Reshape", mixed, network.integers(0, 0, decoder.width))
    return _projected(network, together, extent, decoder.width, decoder.width)


def _by_head(network: Network, decoder: Encoder, joined: str, place: int, perm: list[int]) -> str:
    """Query, key or value out of the three that one product made."""
    bounds = (network.integers(place * decoder.width), network.integers((place + 1) * decoder.width))
    part = network.add("Slice", joined, *bounds, network.integers(2))
    split = network.add("Reshape", part, network.integers(0, 0, decoder.heads, decoder.head))
    return network.add("Transpose", split, perm=perm)


def _projected(network: Network, hidden: str, extent: str, inputs: int, outputs: int) -> str:
    """All tokens of all sequences are rows of one product; `extent` says how many of each there are."""
    rows = network.add("Reshape", hidden, network.integers(-1, inputs))
    shape = network.add("Concat", extent, network.integers(outputs), axis=0)
    return network.add("Reshape", network.dense(rows, inputs, outputs), shape)


def _fed_forward(network: Network, decoder: Encoder, hidden: str, extent: str) -> str:
    """With the GELU that is made of a hyperbolic tangent."""
    inner = _projected(network, hidden, extent, decoder.width, 4 * decoder.width)
    cubed = network.add("Mul", network.add("Pow", inner, network.scalar(3.0)), network.scalar(0.044715))
    scaled = network.add("Mul", network.add("Add", inner, cubed), network.scalar((2 / 3.141592653589793) ** 0.5))
    opened = network.add("Add", network.add("Tanh", scaled), network.scalar(1.0))
    activated = network.add("Mul", network.add("Mul", inner, network.scalar(0.5)), opened)
    return _projected(network, activated, extent, 4 * decoder.width, decoder.width)


GPT2_SMALL = Architecture(
    name="gpt2_small",
    make=gpt2_small,
    parameters=124_439_808,
    macs=291_648_307_200 / 2,
    published_at={"batch": 1, "sequence": 1024},
    further={"batch": 5, "sequence": 200},
)
