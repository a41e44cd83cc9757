"""MobileNetV2 of width 1.0: Inverted Residuals and Linear Bottlenecks (Sandler et al., 2018), table 2.

Published: 3,504,872 parameters and 0.301 G multiply-accumulates for one image (torchvision's mobilenet_v2,
MobileNet_V2_Weights; the paper says 3.4 M and 300 M).
"""

from __future__ import annotations

from onnx import ModelProto

from benchmarks.architectures.architecture import Architecture
from benchmarks.models.network import Network, new_network

SIDE = 224
_STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Expansion, width, blocks, and the stride of the first of them."""
_FIRST, _LAST, _CLASSES = 32, 1280, 1000


def mobilenetv2() -> ModelProto:
    """`image` [batch, 3, 224, 224] to `logits` [batch, 1000]."""
    network = new_network(2)
    bounds = (network.scalar(0.0), network.scalar(6.0))
    image = network.input("image", "batch", 3, SIDE, SIDE)
    last = network.add("Clip", network.convolution(image, 3, _FIRST, stride=2), *bounds)
    inputs = _FIRST
    for expansion, width, blocks, stride in _STAGES:
        for block in range(blocks):
            last = _inverted(network, last, (inputs, expansion * inputs, width), 1 if block else stride, bounds)
            inputs = width
    last = network.add("Clip", network.convolution(last, inputs, _LAST, kernel=1), *bounds)
    pooled = network.add("Flatten", network.add("GlobalAveragePool", last))
    logits = network.dense(pooled, _LAST, _CLASSES)
    network.output("logits", logits, "batch", _CLASSES)
    return network.model("mobilenetv2")


def _inverted(network: Network, last: str, widths: tuple[int, int, int], stride: int, bounds: tuple[str, str]) -> str:
    """A block of these inputs, hidden channels and outputs; one that does not expand has no first convolution."""
    inputs, hidden, outputs = widths
    way = last
    if hidden != inputs:
        way = network.add("Clip", network.convolution(way, inputs, hidden, kernel=1), *bounds)
    way = network.add("Clip", network.convolution(way, hidden, hidden, stride=stride, groups=hidden), *bounds)
    way = network.convolution(way, hidden, outputs, kernel=1)
    return network.add("Add", last, way) if stride == 1 and inputs == outputs else way


MOBILENETV2 = Architecture(
    name="mobilenetv2",
    make=mobilenetv2,
    parameters=3_504_872,
    macs=0.301e9,
    published_at={"batch": 1},
    further={"batch": 24},
)
