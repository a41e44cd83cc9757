"""Convolutional nets: residual blocks as in ResNet (He et al., 2015), inverted ones as in MobileNetV2 (Sandler et al., 2018)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.models.network import Network, Subject, new_network, normal

_CLASSES = 10


def residual_net(folder: Path, name: str, size: int, widths: Sequence[int], blocks: int, seed: int = 0) -> Subject:
    """Over colour images of size x size: so many blocks of two 3x3 convolutions for each width, a smaller image for the next."""
    network = new_network(seed)
    last = network.add("Relu", network.convolution(network.input("image", "batch", 3, size, size), 3, widths[0]))
    inputs = widths[0]
    for stage, width in enumerate(widths):
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            way = network.add("Relu", network.convolution(last, inputs, width, stride=stride))
            way = network.convolution(way, width, width)
            beside = last if inputs == width else network.convolution(last, inputs, width, kernel=1, stride=stride)
            last = network.add("Relu", network.add("Add", way, beside))
            inputs = width
    return _classified(network, folder, name, last, inputs, size)


def inverted_net(
    folder: Path, name: str, size: int, stages: Sequence[tuple[int, int, int]], expansion: int = 6, seed: int = 0
) -> Subject:
    """Over colour images: stages of (width, blocks, stride), each block a 1x1, a depthwise 3x3 and a 1x1 convolution."""
    network = new_network(seed)
    inputs = stages[0][0]
    last = _clipped(network, network.convolution(network.input("image", "batch", 3, size, size), 3, inputs, stride=2))
    for width, blocks, stride in stages:
        for block in range(blocks):
            step = 1 if block else stride
            hidden = expansion * inputs
            way = _clipped(network, network.convolution(last, inputs, hidden, kernel=1))
            way = _clipped(network, network.convolution(way, hidden, hidden, stride=step, groups=hidden))
            way = network.convolution(way, hidden, width, kernel=1)
            last = network.add("Add", way, last) if step == 1 and inputs == width else way
            inputs = width
    return _classified(network, folder, name, last, inputs, size)


def _clipped(network: Network, last: str) -> str:
    return network.add("Clip", last, network.scalar(0.0), network.scalar(6.0))


def _classified(network: Network, folder: Path, name: str, last: str, width: int, size: int) -> Subject:
    pooled = network.add("Flatten", network.add("GlobalAveragePool", last))
    path = network.save(folder / f"{name}.onnx", network.dense(pooled, width, _CLASSES), ("batch", _CLASSES))
    return Subject(name=name, path=path, inputs=normal("image", 3, size, size))
