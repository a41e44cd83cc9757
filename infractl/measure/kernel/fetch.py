"""What it costs to fetch what the nearest cache has lost: weights of many products, and activations that are large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infractl.domain.work import Family, Product, Work
from infractl.measure.kernel.convolution import Shape, chain_of, convolution_work
from infractl.measure.kernel.graph import Graph, random_values
from infractl.measure.kernel.kernel import Kernel, Model, Run, alone, between, idle
from infractl.measure.kernel.product import product_work
from infractl.tensors import Dtype

_WIDTH = 256
_MATRIX_BYTES = 4 * _WIDTH * _WIDTH
_ROWS = (1, 8, 32)
_AGAIN = 8
_FROM_BYTES, _STEPS_TO_64_MIB = 2**19, 7
_ACTIVATIONS = (0.4, 0.7, 1.0, 1.5, 2.5)
"""Of the last cache, read and written together."""
_LEAST_COMPARED_BYTES = 16 * 2**20
_CHANNELS, _IMAGE = 64, 48
_BEYOND = (0.75, 1.0, 1.5, 2.0, 3.0)
"""Of the last cache: where the weights begin to come from memory."""


def weight_fetches(last_cache_bytes: int, most_bytes: int) -> Iterator[tuple[int, int, Kernel]]:
    """How many bytes of weights a model has, for how many rows, and what a product by one matrix takes more in it."""
    again = Model(_chain(_AGAIN, different=False))
    for total_bytes in weight_sizes(last_cache_bytes, most_bytes):
        count = total_bytes // _MATRIX_BYTES
        model = Model(_chain(count, different=True))
        for rows in _ROWS:
            inputs = ({"x0": random_values(rows, _WIDTH)},)
            work = product_work(Product(count=1, rows=rows, depth=_WIDTH, columns=_WIDTH), weight=True)
            terms = ((1 / count, Run(model, inputs)), (-1 / _AGAIN, Run(again, inputs)), (1 / _AGAIN - 1 / count, idle()))
            yield total_bytes, rows, Kernel(work=work, terms=terms)


def weight_sizes(last_cache_bytes: int, most_bytes: int) -> list[int]:
    """From half a MiB, which the nearest cache holds, to where the last one holds hardly anything."""
    near = [_FROM_BYTES * 2**step for step in range(_STEPS_TO_64_MIB + 1)]
    far = [int(share * last_cache_bytes) for share in _BEYOND]
    return sorted({size for size in (*near, *far) if size <= most_bytes and (size in far or size < far[0])})


def activation_fetches(last_cache_bytes: int) -> Iterator[Sequence[Kernel]]:
    """Operators of three families on ever more bytes: the first of each is what the others are compared with."""
    moved = [int(share * max(last_cache_bytes, _LEAST_COMPARED_BYTES)) for share in _ACTIVATIONS]
    yield [_negation(moved_bytes) for moved_bytes in moved]
    yield [_convolution(moved_bytes, groups=1) for moved_bytes in moved]
    yield [_convolution(moved_bytes, groups=_CHANNELS) for moved_bytes in moved]


def _negation(moved_bytes: int) -> Kernel:
    rows = moved_bytes // (8 * _WIDTH)
    graph = Graph()
    run = Run(Model(graph.finish(graph.add("Neg", graph.input(["rows", _WIDTH])))), ({"x0": random_values(rows, _WIDTH)},))
    work = Work(
        family=Family.elementwise,
        operator="Neg",
        dtype=Dtype.float32,
        flops=float(rows * _WIDTH),
        weight_bytes=0.0,
        activation_bytes=8.0 * rows * _WIDTH,
    )
    return alone(work, run)


def _convolution(moved_bytes: int, groups: int) -> Kernel:
    batch = max(1, moved_bytes // (8 * _CHANNELS * _IMAGE**2))
    shape = Shape(_CHANNELS, _CHANNELS, 1 if groups == 1 else 3, _IMAGE, groups=groups, batch=batch)
    return between(convolution_work(shape), chain_of(shape, 2), chain_of(shape, 1), 1)


def _chain(count: int, *, different: bool) -> bytes:
    """Products by `count` matrices, which the engine makes when it opens the model: the file stays small."""
    from onnx import TensorProto, helper

    graph = Graph()
    last = graph.input(["batch", _WIDTH])
    size = helper.make_tensor("size", TensorProto.INT64, [2], [_WIDTH, _WIDTH])
    matrix = ""
    for number in range(count):
        if different or not matrix:
            # Each matrix gives the mean of a row: values that shrank from one to the next would soon be denormal, and slow.
            value = helper.make_tensor("value", TensorProto.FLOAT, [1], [(1 + 1e-6 * number) / _WIDTH])
            matrix = graph.add("ConstantOfShape", graph.add("Constant", value=size), value=value)
        last = graph.add("MatMul", last, matrix)
    return graph.finish(last)
