"""`infractl profile` counts parameters, multiply-accumulates and operations as onnx-tool 1.0.1 does, within 2%, for ResNet-50,
MobileNetV2, BERT-base, GPT-2 small and ViT-B/16.

Each is built at its published dimensions; both read the same file, and onnx-tool infers the shapes itself. Compared are, at the
sizes that the publication used and at others:

- `parameters`: the elements of all weights. Besides, onnx-tool counts whole numbers (shapes, indices), and the profile single
  numbers (the constants of a formula).
- `macs`: the multiply-accumulates of Conv, Gemm and MatMul, without the one that onnx-tool adds for each bias.
- `flops`: two for each of these, one for each bias, and the operations of what both count by the same rule: Add, Sub, Mul, Relu,
  Clip and MaxPool.

Not compared are normalizations, Softmax, Div, Pow, Tanh, Erf and GlobalAveragePool. There onnx-tool counts instructions (32 for
an exponential, 24 for a square root, 4 for a division, none for Erf) where the profile counts each of these as one operation; and
it divides by a root for every element of a BatchNormalization, which for the profile is a scale and a shift. So the totals that
the two print differ: `as_printed_worst_ratio`. `not_compared_worst_share` is the most that all this is of a profile's operations.

Parameters and multiply-accumulates are also held against what was published; a file's parameters include the running means and
variances of BatchNormalizations, which publications leave out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.architectures.architecture import Architecture
from benchmarks.architectures.collection import ARCHITECTURES
from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from benchmarks.peer.environment import MISSING, installed
from benchmarks.peer.onnx_tool import Tally, tally
from infractl.domain.profile import ModelProfile
from infractl.workflows.profile import profile

GOAL = "<= 1.02"
_PRODUCTS = ("Conv", "Gemm", "MatMul")
_ALIKE = ("Add", "Sub", "Mul", "Relu", "Clip", "MaxPool")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What is compared, as the module says."""

    parameters: float
    macs: float
    flops: float


QUANTITIES = tuple(field.name for field in fields(Counts))
AS_PRINTED = "as_printed"
"""All operations that a profile counts, with twice the multiply-accumulates that onnx-tool prints in total."""


def measure(quick: bool) -> Iterator[Figure]:
    commands = installed("onnx_tool")
    why = "" if commands else MISSING
    compared: list[float] = []
    printed: list[float] = []
    published: list[float] = []
    apart: list[float] = []
    with TemporaryDirectory() as name:
        # Profiles are made anew as well.
        os.environ["INFRACTL_CACHE"] = name
        for architecture in ARCHITECTURES:
            path = _written(architecture, Path(name))
            known = profile(path)
            assert isinstance(known, ModelProfile) and not known.given.uncosted, f"a part of {architecture.name} has no cost"
            sizes = [architecture.published_at, *(() if quick else (architecture.further,))]
            worst = _worst_ratios(architecture.name, known, commands, path, sizes) if commands else {}
            printed += [worst.pop(AS_PRINTED)] if worst else []
            compared += worst.values()
            for quantity in QUANTITIES:
                yield Figure(name=f"{architecture.name}_{quantity}", value=worst.get(quantity), unit="ratio", goal=GOAL, why=why)
            published += _against_published(architecture, known)
            apart += [1 - ours(known, at).flops / known.flops.at(at) for at in sizes]
            path.unlink()
    yield Figure(name="worst_ratio", value=max(compared, default=None), unit="ratio", goal=GOAL, why=why)
    yield Figure(name="published_worst_ratio", value=max(published), unit="ratio", goal=GOAL)
    yield Figure(name="as_printed_worst_ratio", value=max(printed, default=None), unit="ratio", why=why)
    yield Figure(name="not_compared_worst_share", value=max(apart), unit="share")


def _written(architecture: Architecture, folder: Path) -> Path:
    path = folder / f"{architecture.name}.onnx"
    path.write_bytes(architecture.make().SerializeToString())
    return path


def _worst_ratios(name: str, known: ModelProfile, commands: Path, path: Path, sizes: list[Mapping[str, int]]) -> dict[str, float]:
    """Of each quantity the worst ratio over these sizes."""
    worst = dict.fromkeys((*QUANTITIES, AS_PRINTED), 1.0)
    for at in sizes:
        counted = tally(commands, path, at)
        mine, other = ours(known, at), theirs(counted)
        print(f"{name} at {', '.join(f'{dimension} {size}' for dimension, size in at.items())}")
        counts = {quantity: (getattr(mine, quantity), getattr(other, quantity)) for quantity in QUANTITIES}
        counts[AS_PRINTED] = (known.flops.at(at), 2 * sum(counted.macs.values()))
        for quantity, (our, their) in counts.items():
            worst[quantity] = max(worst[quantity], _compared(quantity, our, "onnx-tool", their))
    return worst


def _compared(what: str, mine: float, source: str, other: float) -> float:
    print(f"  {what:10} {mine:19,.0f}   {source:9} {other:19,.0f}   {mine / other:.5f}", flush=True)
    return off(mine, other)


def off(ours: float, theirs: float) -> float:
    """How many times too many or too few."""
    return max(ours / theirs, theirs / ours)


def ours(known: ModelProfile, at: Mapping[str, int]) -> Counts:
    works = [(operator.operator, operator.at(at)) for operator in known.given.operators]
    return Counts(
        parameters=known.parameters,
        macs=sum(work.steps * work.product.flops / 2 for name, work in works if name in _PRODUCTS and work.product),
        flops=sum(work.flops for name, work in works if name in _PRODUCTS or name in _ALIKE),
    )


def theirs(counted: Tally) -> Counts:
    biases = sum(counted.biased.values())
    macs = sum(counted.macs.get(name, 0) for name in _PRODUCTS) - biases
    alike = sum(counted.macs.get(name, 0) for name in _ALIKE)
    return Counts(parameters=counted.parameters, macs=macs, flops=2 * macs + biases + alike)


def _against_published(architecture: Architecture, known: ModelProfile) -> Iterator[float]:
    mine = ours(known, architecture.published_at)
    print(f"{architecture.name} as published")
    yield _compared("parameters", mine.parameters, "published", architecture.parameters)
    yield _compared("macs", mine.macs, "published", architecture.macs)


if __name__ == "__main__":
    start(measure, __doc__, ("onnx", "onnxruntime"))
