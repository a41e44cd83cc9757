"""Products and convolutions in int8 to time: activations are quantized as they come, or are of eight bits throughout."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from infractl.domain.work import Product, Work
from infractl.measure.kernel.convolution import Shape, convolution_work
from infractl.measure.kernel.graph import Graph, fed
from infractl.measure.kernel.kernel import Kernel, Model, Run, alone, between
from infractl.measure.kernel.product import product_work
from infractl.tensors import Dtype

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SQUARES = ((64, 8), (256, 4), (1024, 1))
_ROWS = (1, 8, 32, 128)
_CONVOLUTIONS = (
    *(Shape(c, c, 3, s, batch=b) for c, s in ((32, 16), (64, 14), (128, 8)) for b in (1, 8)),
    *(Shape(c, c, 1, s, batch=b) for c, s in ((64, 14), (256, 7)) for b in (1, 8)),
)
_SHORT, _LONG = 1, 4
_SCALE, _ZERO = 0.05, 128


def quantized_products() -> Iterator[Kernel]:
    """With activations in fp32, which are quantized as they come."""
    for width, times in _SQUARES:
        graph = Graph()
        last = graph.input(["batch", width])
        scale = _scalar(graph, 0.001)
        for seed in range(times):
            weight = graph.weight(_random_int8(width, width, seed=seed))
            last = graph.add("DynamicQuantizeMatMul", last, weight, scale, domain="com.microsoft")
        model = Model(graph.finish(last))
        for rows in _ROWS:
            work = product_work(Product(count=1, rows=rows, depth=width, columns=width), weight=True)
            yield alone(
                _in_int8(work, "DynamicQuantizeMatMul", width * width),
                Run(model, (fed((rows, width)),)),
                times,
                scales=width == 256,
            )


def quantized_convolutions() -> Iterator[Kernel]:
    """With activations in eight bits throughout."""
    for shape in _CONVOLUTIONS:
        work = convolution_work(shape)
        work = replace(work, activation_bytes=work.activation_bytes / 4)
        longer, shorter = (_convolution(shape, length) for length in (_LONG, _SHORT))
        yield between(
            _in_int8(work, "QLinearConv", work.weight_bytes / 4), longer, shorter, _LONG - _SHORT, scales=shape.inside == 64
        )


def _convolution(shape: Shape, length: int) -> Run:
    graph = Graph()
    image = (shape.batch, shape.inside, shape.size, shape.size)
    scale, zero = _scalar(graph, _SCALE), _scalar(graph, _ZERO, "uint8")
    weight_scale, weight_zero = _scalar(graph, 0.002), _scalar(graph, 0, "int8")
    last = graph.add("QuantizeLinear", graph.input(image), scale, zero)
    for seed in range(length):
        weight = graph.weight(_random_int8(shape.outside, shape.inside, shape.kernel, shape.kernel, seed=seed))
        operands = (last, scale, zero, weight, weight_scale, weight_zero, scale, zero)
        last = graph.add("QLinearConv", *operands, kernel_shape=[shape.kernel] * 2, pads=[shape.kernel // 2] * 4)
    return Run(Model(graph.finish(graph.add("DequantizeLinear", last, scale, zero))), (fed(image),))


def _in_int8(work: Work, operator: str, weight_bytes: float) -> Work:
    return replace(work, operator=operator, dtype=Dtype.int8, weight_bytes=weight_bytes)


def _random_int8(*shape: int, seed: int) -> NDArray[Any]:
    import numpy as np

    return np.random.default_rng([seed, *shape]).integers(-127, 128, shape, dtype=np.int8)


def _scalar(graph: Graph, value: float, element: str = "float32") -> str:
    import numpy as np

    return graph.weight(np.array(value, np.dtype(element)))
