"""Operators to time that join elements along axes, and those that copy them to other places."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from infractl.domain.work import Family
from infractl.measure.kernel.element import LONG_ROWS, Build, Operator, Shape, plain, timed
from infractl.measure.kernel.graph import Graph
from infractl.measure.kernel.kernel import Kernel

_FLOAT, _INT32 = 1, 6
"""Of `TensorProto.DataType`."""


def _integers(graph: Graph, values: Sequence[int]) -> str:
    import numpy as np

    return graph.weight(np.array(values, np.int64))


def _by_axis(name: str, along: int, weights: int, **attributes: Any) -> Build:
    """With so many vectors along the axis: scale, shift, mean, variance."""

    def build(graph: Graph, last: str, shape: Shape) -> str:
        import numpy as np

        return graph.add(
            name, last, *(graph.weight(np.full(shape[along], 1.0, np.float32)) for _ in range(weights)), **attributes
        )

    return build


def _sliced(graph: Graph, last: str, shape: Shape) -> str:
    return graph.add("Slice", last, *(_integers(graph, [value]) for value in (1, shape[1], 1)))


def _split(graph: Graph, last: str, shape: Shape) -> str:
    return graph.add("Split", last, _integers(graph, [shape[1] // 2, shape[1] - shape[1] // 2]), outputs=2, axis=1)


def _concatenated(axis: int) -> Build:
    return lambda graph, last, shape: graph.add("Concat", last, last, axis=axis)


def _gathered(graph: Graph, last: str, shape: Shape) -> str:
    return graph.add("Gather", last, _integers(graph, range(shape[1])[::-1]), axis=1)


def _padded(graph: Graph, last: str, shape: Shape) -> str:
    return graph.add("Pad", last, _integers(graph, [0, 0, 1, 1, 0, 0, 1, 1]))


def _repeated(graph: Graph, last: str, shape: Shape) -> str:
    return graph.add("Expand", last, _integers(graph, [2, 1, 1, 1, 1]))


def _enlarged(mode: str) -> Build:
    def build(graph: Graph, last: str, shape: Shape) -> str:
        import numpy as np

        scales = graph.weight(np.array([1, 1, 2, 2], np.float32))
        how = "asymmetric" if mode == "nearest" else "half_pixel"
        return graph.add("Resize", last, "", scales, mode=mode, coordinate_transformation_mode=how, nearest_mode="floor")

    return build


def _cast(graph: Graph, last: str, shape: Shape) -> str:
    return graph.add("Cast", graph.add("Cast", last, to=_INT32), to=_FLOAT)


def reductions() -> Iterator[Kernel]:
    return timed(
        Family.reduction,
        [
            Operator(
                name="LayerNormalization",
                build=_by_axis("LayerNormalization", -1, 2, axis=-1),
                flops=8,
                again=True,
                scales=True,
                shapes=LONG_ROWS,
            ),
            Operator(name="BatchNormalization", build=_by_axis("BatchNormalization", 1, 4), flops=2),
            Operator(name="InstanceNormalization", build=_by_axis("InstanceNormalization", 1, 2), flops=8),
            Operator(name="ReduceMean", build=plain("ReduceMean", axes=[-1]), moves=1),
            Operator(name="ReduceMean", build=plain("ReduceMean", axes=[2, 3]), moves=1),
            Operator(name="ReduceMean", build=plain("ReduceMean", axes=[1]), moves=1),
            Operator(name="ReduceMax", build=plain("ReduceMax", axes=[-1]), moves=1),
            Operator(name="GlobalAveragePool", build=plain("GlobalAveragePool"), moves=1),
            Operator(name="MaxPool", build=plain("MaxPool", kernel_shape=[2, 2], strides=[2, 2]), moves=1.25),
            Operator(
                name="MaxPool", build=plain("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4), flops=2.25, moves=1.25
            ),
            Operator(name="AveragePool", build=plain("AveragePool", kernel_shape=[2, 2], strides=[2, 2]), moves=1.25),
        ],
    )


def movements() -> Iterator[Kernel]:
    return timed(
        Family.movement,
        [
            Operator(name="Transpose", build=plain("Transpose", perm=[0, 2, 1, 3]), flops=0, scales=True),
            Operator(name="Transpose", build=plain("Transpose", perm=[0, 1, 3, 2]), flops=0),
            Operator(name="Transpose", build=plain("Transpose", perm=[0, 2, 3, 1]), flops=0),
            Operator(name="Concat", build=_concatenated(1), flops=0, moves=4),
            Operator(name="Concat", build=_concatenated(3), flops=0, moves=4),
            Operator(name="Slice", build=_sliced, flops=0),
            Operator(name="Split", build=_split, flops=0),
            Operator(name="Gather", build=_gathered, flops=0),
            Operator(name="Pad", build=_padded, flops=0),
            Operator(name="Expand", build=_repeated, flops=0, moves=3),
            Operator(name="Resize", build=_enlarged("nearest"), flops=0, moves=5),
            Operator(name="Resize", build=_enlarged("linear"), flops=28, moves=5),
            Operator(name="Cast", build=_cast, flops=0, moves=4),
        ],
    )
