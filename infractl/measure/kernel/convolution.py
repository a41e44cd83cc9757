"""Convolutions to time, in the layout that the engine chooses for a chain of them, and the changes of layout at its ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from infractl.domain.work import Family, Product, Work
from infractl.measure.kernel.graph import Graph, fed, random_values
from infractl.measure.kernel.kernel import Kernel, Model, Run, between, idle
from infractl.tensors import Dtype

_SHORT, _LONG = 1, 4
_FEW = 4
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


_SQUARE_3 = ((8, 32), (16, 32), (24, 24), (32, 16), (64, 8), (64, 28), (128, 8), (128, 14), (256, 7))
_SQUARE_1 = ((8, 32), (16, 32), (16, 1), (32, 32), (48, 12), (64, 14), (96, 24), (128, 14), (192, 1), (256, 7), (512, 4))
_CHAINS = (
    *(Shape(channels, channels, 3, size, batch=batch) for channels, size in _SQUARE_3 for batch in (1, 8)),
    *(Shape(channels, channels, 1, size, batch=batch) for channels, size in _SQUARE_1 for batch in (1, 8)),
    Shape(64, 64, 3, 56),
    Shape(64, 64, 5, 14),
)
_DEPTHWISE_SIZES = ((3, 16, 48), (3, 40, 20), (3, 64, 28), (3, 128, 14), (3, 384, 7), (5, 32, 28), (5, 96, 14), (5, 256, 7))
"""Kernel, channels, image."""
_DEPTHWISE = tuple(
    Shape(channels, channels, kernel, size, groups=channels, batch=batch)
    for kernel, channels, size in _DEPTHWISE_SIZES
    for batch in (1, 8)
)
_SINGLES = (
    Shape(3, 32, 3, 64, 2),
    Shape(3, 64, 7, 96, 2),
    Shape(3, 16, 3, 32),
    Shape(1, 32, 3, 28),
    Shape(32, 64, 3, 32, 2),
    Shape(64, 128, 3, 16, 2),
    Shape(64, 128, 1, 28, 2),
    Shape(128, 256, 3, 14, 2),
    Shape(8, 48, 1, 24),
    Shape(48, 8, 1, 24),
    Shape(32, 192, 1, 14),
    Shape(192, 32, 1, 14),
    Shape(24, 144, 1, 28),
    Shape(320, 64, 1, 7),
    Shape(64, 64, 3, 28, 2, groups=64),
    Shape(192, 192, 3, 14, 2, groups=192),
)
_SINGLE = tuple(replace(shape, batch=batch) for shape in _SINGLES for batch in (1, 8))


_REORDERED = ((16, 16), (32, 32), (64, 14), (96, 28), (192, 14), (64, 56))
"""Channels and image."""


def convolutions() -> Iterator[Kernel]:
    for shape in (*_CHAINS, *_DEPTHWISE):
        longer, shorter = (chain_of(shape, length) for length in (_LONG, _SHORT))
        yield between(convolution_work(shape), longer, shorter, _LONG - _SHORT, scales=shape.inside in _SCALING)
    for shape in _SINGLE:
        yield _single(shape)
    for channels, size in _REORDERED:
        for batch in (1, 8):
            yield Kernel(work=_reordered(channels, size**2 * batch), terms=_one_reorder(channels, size, batch))


def _one_reorder(channels: int, size: int, batch: int) -> tuple[tuple[float, Run], ...]:
    """A change of layout before and one after a convolution that takes no longer than they: half of what remains without it."""
    cheap = Shape(channels, channels, 1, size, groups=channels, batch=batch)
    extra = _LONG - _SHORT
    return ((-0.5 / extra, chain_of(cheap, _LONG)), (0.5 + 0.5 / extra, chain_of(cheap, _SHORT)), (-0.5, idle()))


def _single(shape: Shape) -> Kernel:
    """It cannot be chained with itself. What the changes of layout around it take is taken off; few channels need none before."""
    terms = [(1.0, chain_of(shape, 1)), (-1.0, idle())]
    ends = [(shape.outside, int(shape.outputs**0.5))] + ([(shape.inside, shape.size)] if shape.inside > _FEW else [])
    for channels, size in ends:
        terms += [(-factor, run) for factor, run in _one_reorder(channels, size, shape.batch)]
    return Kernel(work=convolution_work(shape), terms=tuple(terms))


_runs: dict[tuple[Shape, int], Run] = {}


def chain_of(shape: Shape, length: int) -> Run:
    """A model of so many of the convolution, one behind the other; of one where its output is of another shape."""
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
