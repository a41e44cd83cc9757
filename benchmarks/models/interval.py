"""How far the time of models lies from its prediction: `python -m benchmarks.models.interval [MODELS] [SEED]`.

The models are drawn at random, of the sorts that there are; none is among those that `benchmarks.local_prediction` judges. The
quantiles that this prints are `OPERATOR_ERROR` in `infractl/placement/speed.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.models.convolutional import inverted_net, residual_net
from benchmarks.models.network import Subject
from benchmarks.models.perceptron import perceptron
from benchmarks.models.prediction import Row, calibrated_speed, rows
from benchmarks.models.recurrent import recurrent_net
from benchmarks.models.transformer import Encoder, transformer
from benchmarks.models.trees import tree_ensemble

Draw = Callable[[Path, str, np.random.Generator], Subject]
_MODELS = 36
_ROUNDS = 5
_SEED = 7


def _perceptron(folder: Path, name: str, random: np.random.Generator) -> Subject:
    widths = [int(2 ** random.uniform(5, 11)) for _ in range(random.integers(1, 5))]
    sizes = (int(random.integers(8, 600)), *widths, int(random.integers(1, 100)))
    return perceptron(folder, name, sizes, str(random.choice(["Relu", "Sigmoid", "Tanh"])))


def _residual(folder: Path, name: str, random: np.random.Generator) -> Subject:
    first = int(random.choice([8, 16, 24, 32, 48, 64]))
    widths = [first * 2**stage for stage in range(random.integers(2, 4))]
    return residual_net(folder, name, int(random.choice([24, 28, 32, 48, 64])), widths, blocks=int(random.integers(1, 3)))


def _inverted(folder: Path, name: str, random: np.random.Generator) -> Subject:
    widths = sorted(int(8 * random.integers(1, 16)) for _ in range(random.integers(2, 5)))
    stages = [(width, int(random.integers(1, 4)), int(random.integers(1, 3))) for width in widths]
    return inverted_net(folder, name, int(random.choice([32, 48, 64, 80])), stages, expansion=int(random.integers(2, 7)))


def _recurrent(folder: Path, name: str, random: np.random.Generator) -> Subject:
    return recurrent_net(
        folder,
        name,
        str(random.choice(["LSTM", "GRU"])),
        steps=int(random.integers(5, 80)),
        features=int(random.integers(4, 200)),
        hidden=int(8 * random.integers(2, 40)),
        layers=int(random.integers(1, 3)),
    )


def _transformer(folder: Path, name: str, random: np.random.Generator) -> Subject:
    heads, head = int(random.choice([2, 4, 6, 8])), int(random.choice([24, 32, 48, 64]))
    encoder = Encoder(layers=int(random.integers(1, 4)), width=heads * head, heads=heads)
    return transformer(folder, name, encoder, tokens=int(random.integers(12, 100)))


def _trees(folder: Path, name: str, random: np.random.Generator) -> Subject:
    from sklearn.datasets import make_classification, make_regression
    from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier

    seed, features = int(random.integers(2**16)), int(random.integers(6, 60))
    trees = int(random.integers(20, 200))
    if random.random() < 0.5:
        rows, values = make_regression(4000, features, n_informative=features // 2, noise=5.0, random_state=seed)
        boosted = GradientBoostingRegressor(n_estimators=trees, max_depth=int(random.integers(2, 7)), random_state=seed)
        return tree_ensemble(folder, name, [each.tree_ for each in boosted.fit(rows, values).estimators_.ravel()], rows, 1)
    classes = int(random.integers(2, 7))
    rows, labels = make_classification(4000, features, n_informative=features // 2, n_classes=classes, random_state=seed)
    forest = RandomForestClassifier(n_estimators=trees, max_depth=int(random.integers(5, 15)), random_state=seed)
    return tree_ensemble(folder, name, [each.tree_ for each in forest.fit(rows, labels).estimators_], rows, classes)


_SORTS: Mapping[str, Draw] = {
    "perceptron": _perceptron,
    "residual": _residual,
    "inverted": _inverted,
    "recurrent": _recurrent,
    "transformer": _transformer,
    "trees": _trees,
}


def drawn(folder: Path, count: int, seed: int) -> Iterator[Subject]:
    """So many models, the sorts in turn."""
    random = np.random.default_rng(seed)
    for number in range(count):
        sort = list(_SORTS)[number % len(_SORTS)]
        yield _SORTS[sort](folder, f"{sort}-{number}", random)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else _MODELS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else _SEED
    with TemporaryDirectory() as folder:
        os.environ["INFRACTL_CACHE"] = folder
        speed = calibrated_speed(Path(folder))
        found = list(rows(drawn(Path(folder), count, seed), speed, _ROUNDS))
    for row in found:
        print(f"{row.name:16} batch {row.batch:2}  predicted over measured {row.ratio:5.2f}")
    for sort in _SORTS:
        _print(sort, [row for row in found if row.name.startswith(sort)])
    _print("all", found)


def _print(name: str, found: list[Row]) -> None:
    truth = [1 / row.ratio for row in found]
    shares = (0.05, 0.1, 0.5, 0.9, 0.95)
    told = "  ".join(f"{share:.0%} {value:.2f}" for share, value in zip(shares, np.quantile(truth, shares), strict=True))
    print(f"{name:12} measured over predicted, {len(found):3} rows: {told}")


if __name__ == "__main__":
    main()
