"""BERT-base (Devlin et al., 2018), uncased, as PyTorch exports Hugging Face's BertModel: attention in plain operators.

Published: 109,482,240 parameters (BertModel of bert-base-uncased; the paper says 110 M) and 11.17 G multiply-accumulates for
128 tokens (calflops' table, of a BERT of the same layers).
"""

from __future__ import annotations

from onnx import ModelProto, TensorProto

from benchmarks.architectures.architecture import Architecture
from benchmarks.models.network import Network, new_network
from benchmarks.models.transformer import Encoder, added_mask, encoded, normalized, placed

BASE = Encoder(layers=12, width=768, heads=12, words=30522, longest=512)
_SORTS_OF_TOKEN = 2


def bert_base() -> ModelProto:
    return bert(BASE)


def bert(encoder: Encoder) -> ModelProto:
    """`input_ids`, `attention_mask` and `token_type_ids` [batch, sequence] to `last_hidden_state` and `pooler_output`."""
    network = new_network(110)
    ids, mask, sorts = (
        network.input(name, "batch", "sequence", element=TensorProto.INT64)
        for name in ("input_ids", "attention_mask", "token_type_ids")
    )
    hidden = _embedded(network, encoder, ids, sorts)
    added = added_mask(network, mask)
    for _ in range(encoder.layers):
        hidden = encoded(network, encoder, hidden, added)
    first = network.add("Gather", hidden, network.index(0), axis=1)
    pooled = network.add("Tanh", network.dense(first, encoder.width, encoder.width))
    network.output("last_hidden_state", hidden, "batch", "sequence", encoder.width)
    network.output("pooler_output", pooled, "batch", encoder.width)
    return network.model("bert")


def _embedded(network: Network, encoder: Encoder, ids: str, sorts: str) -> str:
    words = network.add("Gather", network.random_weight(encoder.words, encoder.width, inputs=1), ids)
    kinds = network.add("Gather", network.random_weight(_SORTS_OF_TOKEN, encoder.width, inputs=1), sorts)
    summed = network.add("Add", network.add("Add", words, kinds), placed(network, encoder, ids))
    return normalized(network, encoder, summed)


BERT_BASE = Architecture(
    name="bert_base",
    make=bert_base,
    parameters=109_482_240,
    macs=11.17e9,
    published_at={"batch": 1, "sequence": 128},
    further={"batch": 6, "sequence": 384},
)
