"""What goes with what in a server's memory: `python -m benchmarks.models.memory_rule [MODELS] [SEED]`.

The models are drawn at random as for `benchmarks.models.interval`, and some larger ones stand beside them; none is among those
that `benchmarks.memory` judges. Rounded, this prints `MemoryRule` of `infractl/placement/memory.py`, and how far that misses.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.models.convolutional import inverted_net, residual_net
from benchmarks.models.interval import drawn
from benchmarks.models.network import Subject
from benchmarks.models.perceptron import perceptron
from benchmarks.models.recurrent import recurrent_net
from benchmarks.models.resident import Replica, Shape, replicas
from benchmarks.models.transformer import Encoder, transformer
from infractl.placement.memory import MODEL_ERROR, RULE, SERVER_ERROR, MemoryRule
from infractl.units import format_bytes

_MODELS = 36
_SEED = 7
_SHAPES = (Shape(batch=1), Shape(batch=32), Shape(batch=32, instances=2), Shape(batch=1, instances=4))
_OUTLIER = 0.05
"""From this distance in the logarithm on, a replica counts less than by its square."""
_SMALL_SHARE, _LARGE_SHARE = 0.02, 0.2
"""Of the server: what a model adds up to which only the server is judged, and from which only what is added."""

Array = NDArray[Any]


def large(folder: Path) -> Iterator[Subject]:
    """Of sizes that the random ones do not reach, and one that answers with many numbers."""
    yield perceptron(folder, "perceptron-100MB", (1000, 3000, 3000, 3000, 2000, 10))
    yield perceptron(folder, "perceptron-400MB", (1000, 7000, 7000, 5000, 3000, 10))
    yield perceptron(folder, "perceptron-deep", (500, *[512] * 40, 10))
    yield perceptron(folder, "perceptron-talkative", (64, 50_000))
    yield residual_net(folder, "residual-43MB", 64, (64, 128, 256, 512), blocks=2)
    yield residual_net(folder, "residual-170MB", 32, (128, 256, 512, 1024), blocks=2)
    yield inverted_net(folder, "inverted-42MB", 64, ((64, 2, 2), (128, 3, 2), (256, 4, 2), (512, 3, 1)))
    yield recurrent_net(folder, "recurrent-56MB", "LSTM", steps=30, features=512, hidden=1024, layers=2)
    yield transformer(folder, "transformer-400MB", Encoder(layers=12, width=768, heads=12, words=30_000), tokens=64)


def fitted(found: Sequence[Replica]) -> MemoryRule:
    """The rule that misses least: by its ratio to what was measured, with little regard to outliers."""
    from scipy.optimize import least_squares  # type: ignore[import-untyped]

    start = np.log(list(asdict(RULE).values()))
    best = least_squares(lambda logarithms: _misses(_rule(logarithms), found), start, loss="soft_l1", f_scale=_OUTLIER)
    return _rule(best.x)


def _rule(logarithms: Array) -> MemoryRule:
    names = [field.name for field in fields(MemoryRule)]
    return MemoryRule(**dict(zip(names, np.exp(logarithms).tolist(), strict=True)))


def _misses(rule: MemoryRule, found: Sequence[Replica]) -> Array:
    return np.log([replica.most_bytes / replica.predicted(rule).value for replica in found])


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else _MODELS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else _SEED
    found: list[Replica] = []
    with TemporaryDirectory() as folder:
        os.environ["INFRACTL_CACHE"] = folder
        for subjects in (drawn(Path(folder), count, seed), large(Path(folder))):
            for replica in replicas(subjects, _SHAPES):
                shape = f"batch {replica.shape.batch:2} on {replica.shape.instances}"
                print(f"{replica.name:20} {shape} {format_bytes(replica.most_bytes):>8}  {replica.ratio:5.2f}", flush=True)
                found.append(replica)
    for name, value in asdict(fitted(found)).items():
        print(f"{name:22} {_amount(value)}, in the code {_amount(asdict(RULE)[name])}")
    _print_misses(found)


def _amount(value: float) -> str:
    return f"{value / 2**20:.1f} MiB" if value > 2**20 else f"{value:.2f}"


def _print_misses(found: Sequence[Replica]) -> None:
    """Of the rule as it is in the code."""
    server = RULE.server_bytes
    added = [(r.most_bytes - server, r.predicted().value - server) for r in found]
    by_server = [1 + measured / server for measured, said in added if said < _SMALL_SHARE * server]
    by_model = [measured / said for measured, said in added if said > _LARGE_SHARE * server]
    shares = (0.0, 0.05, 0.5, 0.95, 1.0)
    for name, ratios, ends in (("the server", by_server, SERVER_ERROR), ("what models add", by_model, MODEL_ERROR)):
        told = "  ".join(f"{share:.0%} {value:.2f}" for share, value in zip(shares, np.quantile(ratios, shares), strict=True))
        print(f"{name}, measured over said, {len(ratios)} replicas: {told}; the ends are {ends[0]:g} and {ends[1]:g}")


if __name__ == "__main__":
    main()
