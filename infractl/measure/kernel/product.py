"""Matrix products to time: with weights, from one row to a batch of many, and pairs of activations as attention has them."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.work import Family, Product, Work
from infractl.measure.kernel.graph import Graph, fed, random_values
from infractl.measure.kernel.kernel import Kernel, Model, Run, alone
from infractl.tensors import Dtype

_ROWS = (1, 2, 4, 8, 16, 32, 128)
_SQUARES = ((16, 16), (32, 16), (64, 8), (128, 3), (256, 1), (512, 1), (1024, 1), (2048, 1))
"""Width, and how many in a chain: a small one alone would be lost in the noise of a call. The nearest cache holds the chain."""
_SCALING = (64, 256, 1024)
_RECTANGLES = ((32, 256), (256, 32), (64, 1024), (1024, 64), (24, 96), (512, 2048), (2048, 512), (700, 12))
_PAIRS = (
    (1, 64, 64, 64),
    (12, 16, 64, 16),
    (12, 64, 64, 64),
    (12, 64, 32, 64),
    (12, 256, 64, 256),
    (96, 32, 32, 32),
    (8, 128, 128, 64),
)
"""Count, rows, depth, columns."""


def products() -> Iterator[Kernel]:
    for width, times in _SQUARES:
        yield from _chain(width, width, times)
    for depth, columns in _RECTANGLES:
        yield from _chain(depth, columns, 1)
    for count, rows, depth, columns in _PAIRS:
        yield _pair(count, rows, depth, columns)
        yield _pair(count, rows, columns, depth)


def _chain(depth: int, columns: int, times: int) -> Iterator[Kernel]:
    graph = Graph()
    last = graph.input(["batch", depth])
    for seed in range(times):
        last = graph.add("MatMul", last, graph.weight(random_values(depth, columns, seed=seed)))
    model = Model(graph.finish(last))
    for rows in _ROWS:
        work = product_work(Product(count=1, rows=rows, depth=depth, columns=columns), weight=True)
        yield alone(
            work,
            Run(model, (fed((rows, depth)),)),
            times,
            scales=depth == columns and depth in _SCALING and rows in (1, 8, 32, 128),
        )


def _pair(count: int, rows: int, depth: int, columns: int) -> Kernel:
    graph = Graph()
    left, right = graph.input([count, rows, depth]), graph.input([count, depth, columns])
    model = Model(graph.finish(graph.add("MatMul", left, right)))
    work = product_work(Product(count=count, rows=rows, depth=depth, columns=columns), weight=False)
    return alone(work, Run(model, (fed((count, rows, depth), (count, depth, columns)),)), scales=count == 12 and depth == 64)


def product_work(product: Product, *, weight: bool, operator: str = "MatMul") -> Work:
    """A product in fp32 as a profile tells it; its right side is read from the file, or is an activation."""
    right = 4 * product.count * product.depth * product.columns
    rest = 4 * product.count * product.rows * (product.depth + product.columns)
    return Work(
        family=Family.product,
        operator=operator,
        dtype=Dtype.float32,
        flops=product.flops,
        weight_bytes=right if weight else 0.0,
        activation_bytes=rest if weight else rest + right,
        product=product,
    )
