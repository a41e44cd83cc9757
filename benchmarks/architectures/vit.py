"""ViT-B/16: An Image is Worth 16x16 Words (Dosovitskiy et al., 2020), a transformer over patches of an image.

Published: 86,567,656 parameters and 17.56 G multiply-accumulates for one image (torchvision's vit_b_16, ViT_B_16_Weights).
"""

from __future__ import annotations

from onnx import ModelProto

from benchmarks.architectures.architecture import Architecture
from benchmarks.models.network import Network, new_network
from benchmarks.models.transformer import Encoder, attention, fed_forward, normalized

BASE = Encoder(layers=12, width=768, heads=12)
SIDE, PATCH = 224, 16
_PATCHES = (SIDE // PATCH) ** 2
_CLASSES = 1000


def vit_b_16() -> ModelProto:
    return vit(BASE)


def vit(encoder: Encoder) -> ModelProto:
    """`image` [batch, 3, 224, 224] to `logits` [batch, 1000]."""
    network = new_network(16)
    hidden = _patched(network, encoder.width, network.input("image", "batch", 3, SIDE, SIDE))
    for _ in range(encoder.layers):
        hidden = network.add("Add", attention(network, encoder, normalized(network, encoder, hidden)), hidden)
        hidden = network.add("Add", fed_forward(network, encoder, normalized(network, encoder, hidden)), hidden)
    first = network.add("Gather", normalized(network, encoder, hidden), network.index(0), axis=1)
    logits = network.dense(first, encoder.width, _CLASSES)
    network.output("logits", logits, "batch", _CLASSES)
    return network.model("vit")


def _patched(network: Network, width: int, image: str) -> str:
    """Each patch as a token, one for the class before them, and what is learned of each place added."""
    kernel = network.random_weight(width, 3, PATCH, PATCH, inputs=3 * PATCH * PATCH)
    bias = network.random_weight(width, inputs=1)
    patches = network.add("Conv", image, kernel, bias, kernel_shape=[PATCH, PATCH], strides=[PATCH, PATCH])
    flat = network.add("Reshape", patches, network.integers(0, width, _PATCHES))
    tokens = network.add("Transpose", flat, perm=[0, 2, 1])
    batch = network.add("Gather", network.add("Shape", image), network.integers(0))
    extent = network.add("Concat", batch, network.integers(1, width), axis=0)
    class_token = network.add("Expand", network.random_weight(1, 1, width, inputs=1), extent)
    joined = network.add("Concat", class_token, tokens, axis=1)
    return network.add("Add", joined, network.random_weight(1, _PATCHES + 1, width, inputs=1))


VIT_B_16 = Architecture(
    name="vit_b_16",
    make=vit_b_16,
    parameters=86_567_656,
    macs=17.56e9,
    published_at={"batch": 1},
    further={"batch": 7},
)
