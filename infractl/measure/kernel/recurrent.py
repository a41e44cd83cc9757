"""Recurrent layers to time: LSTM and GRU, by hidden size, batch and steps."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.work import Family, Product, Work
from infractl.measure.kernel.graph import Graph, fed, random_values
from infractl.measure.kernel.kernel import Kernel, Model, Run, alone
from infractl.tensors import Dtype

_GATES = {"LSTM": 4, "GRU": 3}
_SIZES = ((16, 16), (32, 64), (128, 128), (64, 256), (256, 256), (384, 384))
"""Width of the input, and of the layer."""
_STEPS = (1, 24)
_BATCHES = (1, 4, 8, 32)


def recurrences() -> Iterator[Kernel]:
    for operator in _GATES:
        for width, hidden in _SIZES:
            yield from _layer(operator, width, hidden)


def _layer(operator: str, width: int, hidden: int) -> Iterator[Kernel]:
    graph, gates = Graph(), _GATES[operator]
    sequence = graph.input(["steps", "batch", width])
    weights = [random_values(1, gates * hidden, size) / hidden**0.5 for size in (width, hidden)]
    bias = random_values(1, 2 * gates * hidden)
    last = graph.add(operator, sequence, *(graph.weight(values) for values in (*weights, bias)), hidden_size=hidden)
    model = Model(graph.finish(last))
    for steps in _STEPS:
        for batch in _BATCHES:
            work = recurrent_work(operator, steps=steps, batch=batch, width=width, hidden=hidden)
            yield alone(work, Run(model, (fed((steps, batch, width)),)), scales=hidden == 128)


def recurrent_work(operator: str, *, steps: int, batch: int, width: int, hidden: int) -> Work:
    """A layer in one direction, in fp32, as a profile tells it: the product is that of one step, of input and state at once."""
    gates = _GATES[operator]
    product = Product(count=1, rows=batch, depth=width + hidden, columns=gates * hidden)
    return Work(
        family=Family.recurrent,
        operator=operator,
        dtype=Dtype.float32,
        flops=steps * product.flops,
        weight_bytes=4 * gates * hidden * (width + hidden + 2),
        activation_bytes=4 * steps * batch * (width + hidden),
        product=product,
        steps=steps,
    )
