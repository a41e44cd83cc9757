"""ResNet-50 v1.5: Deep Residual Learning (He et al., 2015), the stride in the 3x3 convolution of a block as in most frameworks.

Published: 25,557,032 parameters and 4.089 G multiply-accumulates for one image (torchvision's resnet50, ResNet50_Weights).
"""

from __future__ import annotations

from onnx import ModelProto

from benchmarks.architectures.architecture import Architecture
from benchmarks.models.network import Network, new_network

SIDE = 224
_STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))
"""The width of the 3x3 convolutions, the blocks, and the stride of the first of them."""
_EXPANSION = 4
_CLASSES = 1000


def resnet50() -> ModelProto:
    """`image` [batch, 3, 224, 224] to `logits` [batch, 1000]. Convolutions and BatchNormalizations are apart, as in training."""
    network = new_network(50)
    image = network.input("image", "batch", 3, SIDE, SIDE)
    last = network.add("Relu", network.convolution(image, 3, 64, kernel=7, stride=2))
    last = network.add("MaxPool", last, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    inputs = 64
    for width, blocks, stride in _STAGES:
        for block in range(blocks):
            last = _bottleneck(network, last, inputs, width, stride=1 if block else stride)
            inputs = width * _EXPANSION
    pooled = network.add("Flatten", network.add("GlobalAveragePool", last))
    logits = network.dense(pooled, inputs, _CLASSES)
    network.output("logits", logits, "batch", _CLASSES)
    return network.model("resnet50")


def _bottleneck(network: Network, last: str, inputs: int, width: int, stride: int) -> str:
    outputs = width * _EXPANSION
    way = network.add("Relu", network.convolution(last, inputs, width, kernel=1))
    way = network.add("Relu", network.convolution(way, width, width, stride=stride))
    way = network.convolution(way, width, outputs, kernel=1)
    beside = last if inputs == outputs else network.convolution(last, inputs, outputs, kernel=1, stride=stride)
    return network.add("Relu", network.add("Add", way, beside))


RESNET50 = Architecture(
    name="resnet50",
    make=resnet50,
    parameters=25_557_032,
    macs=4.089e9,
    published_at={"batch": 1},
    further={"batch": 24},
)
