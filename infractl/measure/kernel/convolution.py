"""Convolutions to time, in the layout that the engine chooses for a chain of them, and the changes of layout at its ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infractl.domain.work import Family, Product, Work
from infractl.measure.kernel.graph import Graph, fed, random_values
from infractl.measure.kernel.kernel import Kernel, Model, Run, between, idle
from infractl.tensors import Dtype

_SHORT, _LONG = 1, 4
_SCALING = (16, 64, 256)
"""Channels of what is timed on several threads as well."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A square convolution over a square image, padded so that `stride` alone makes the image smaller."""

    inside: int
    outside: int
    kernel: int
    size: int
    stride: int = 1
    groups: int = 1
    batch: int = 1

    @property
    def outputs(self) -> int:
        """Positions of an image."""
        return (-(-self.size // self.stride)) ** 2


_CHAINS = (
    *(
        Shape(c, c, 3, s, batch=b)
        for c, s in ((16, 32), (32, 16), (64, 8), (64, 28), (128, 8), (128, 14), (256, 7))
        for b in (1, 8)
    ),
    *(Shape(c, c, 1, s, batch=b) for c, s in ((16, 32), (32, 32), (64, 14), (128, 14), (256, 7), (512, 4)) for b in (1, 8)),
    Shape(64, 64, 3, 56),
    Shape(24, 24, 3, 24),
    Shape(48, 48, 1, 12),
    Shape(96, 96, 1, 24),
    Shape(64, 64, 5, 14),
)
_DEPTHWISE = (
    *(Shape(c, c, 3, s, groups=c, batch=b) for c, s in ((16, 48), (64, 28), (128, 14), (384, 7)) for b in (1, 8)),
    Shape(32, 32, 5, 28, groups=32),
    Shape(256, 256, 5, 7, groups=256),
    Shape(40, 40, 3, 20, groups=40),
)
_SINGLE = (
    *(Shape(3, c, k, s, stride, batch=b) for c, k, s, stride in ((32, 3, 64, 2), (64, 7, 96, 2), (16, 3, 32, 1)) for b in (1, 8)),
    Shape(1, 32, 3, 28),
    *(Shape(c, 2 * c, k, s, 2, batch=b) for c, k, s in ((32, 3, 32), (64, 3, 16), (64, 1, 28), (128, 3, 14)) for b in (1, 8)),
    *(Shape(c, d, 1, s, batch=b) for c, d, s in ((32, 192, 14), (192, 32, 14), (24, 144, 28), (320, 64, 7)) for b in (1, 8)),
    *(Shape(c, c, 3, s, 2, groups=c) for c, s in ((64, 28), (192, 14))),
)


def convolutions() -> Iterator[Kernel]:
    for shape in (*_CHAINS, *_DEPTHWISE):
        longer, shorter = (_run(shape, length) for length in (_LONG, _SHORT))
        scales = shape.inside in _SCALING
        yield between(convolution_work(shape), longer, shorter, _LONG - _SHORT, scales=scales)
        if shape.kernel == 1 or shape.groups > 1:
            # Beside a dearer convolution, a change of layout is lost in the noise.
            yield Kernel(work=_reordered(shape.inside, shape.size**2 * shape.batch), terms=_one_reorder(longer, shorter))
    for shape in _SINGLE:
        yield _single(shape)


def _one_reorder(longer: Run, shorter: Run) -> tuple[tuple[float, Run], ...]:
    """Half of what the shorter model takes without its convolution: one change of layout before it and one after it."""
    extra = _LONG - _SHORT
    return ((-0.5 / extra, longer), (0.5 + 0.5 / extra, shorter), (-0.5, idle()))


def _single(shape: Shape) -> Kernel:
    """It cannot be chained with itself: a chain at its output's shape tells what the change of layout there takes."""
    before = Shape(shape.inside, shape.inside, 1, shape.size, batch=shape.batch)
    after = Shape(shape.outside, shape.outside, 1, int(shape.outputs**0.5), batch=shape.batch)
    terms = [(1.0, _run(shape, 1)), (-1.0, idle())]
    for chain in (after,) if shape.inside % 8 else (before, after):
        terms += [(-factor, run) for factor, run in _one_reorder(_run(chain, _LONG), _run(chain, _SHORT))]
    return Kernel(work=convolution_work(shape), terms=tuple(terms))


_runs: dict[tuple[Shape, int], Run] = {}


def _run(shape: Shape, length: int) -> Run:
    if (shape, length) not in _runs:
        graph = Graph()
        image = (shape.batch, shape.inside, shape.size, shape.size)
        last = graph.input(image)
        for seed in range(length):
            kernel = (shape.outside, shape.inside // shape.groups, shape.kernel, shape.kernel)
            pad = shape.kernel // 2
            last = graph.add(
                "Conv",
                last,
                graph.weight(random_values(*kernel, seed=seed) / (kernel[1] * kernel[2]) ** 0.5),
                graph.weight(random_values(shape.outside, seed=seed)),
                group=shape.groups,
                kernel_shape=kernel[2:],
                pads=[pad] * 4,
                strides=[shape.stride] * 2,
            )
            last = graph.add("Relu", last)
        _runs[shape, length] = Run(Model(graph.finish(last)), (fed(image),))
    return _runs[shape, length]


def convolution_work(shape: Shape) -> Work:
    """A convolution in fp32 with its bias and a ReLU, as a profile tells it."""
    rows = shape.batch * shape.outputs
    product = Product(
        count=shape.groups,
        rows=rows,
        depth=shape.kernel**2 * shape.inside / shape.groups,
        columns=shape.outside / shape.groups,
    )
    return Work(
        family=Family.depthwise if shape.groups == shape.inside > 1 else Family.convolution,
        operator="Conv",
        dtype=Dtype.float32,
        flops=product.flops + 2 * rows * shape.outside,
        weight_bytes=4 * (product.count * product.depth * product.columns + shape.outside),
        activation_bytes=4 * (shape.batch * shape.size**2 * shape.inside + rows * shape.outside),
        product=product,
    )


def _reordered(channels: int, positions: int) -> Work:
    return Work(
        family=Family.movement,
        operator="Reorder",
        dtype=Dtype.float32,
        flops=0.0,
        weight_bytes=0.0,
        activation_bytes=8.0 * channels * positions,
    )
