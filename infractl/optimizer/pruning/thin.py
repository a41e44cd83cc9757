"""Which trees stay, and how much more each of them then weighs, so that together they say what all of them said.

With rows it is least squares: trees are taken one by one, the one first that leaves the least of the whole ensemble's answers
unexplained (forward selection by orthogonal least squares; Chen, Billings and Luo 1989, International Journal of Control 50(5)).
Without rows the first ones stay; then it has to be known whether trees are averaged or each corrects those before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infractl.optimizer.pruning.activation import Probe, batches
from infractl.optimizer.pruning.forest import Forest, apart
from infractl.optimizer.rows import Rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto

    from infractl.optimizer.pruning.sums import Matrix

MOST_ROWS = 2048
MOST_COLUMNS = 100_000
"""Trees times outputs. A batch of what they say takes 13 MB then."""
RIDGE = 0.1


def first_of(forest: Forest, keep: float) -> list[int]:
    """The first share of the trees; where each tree speaks for one output alone, of each output's."""
    import numpy as np

    voices = _voices(forest)
    own = [np.flatnonzero(voices == voice) for voice in np.unique(voices)]
    return sorted(int(place) for places in own for place in places[: max(1, round(len(places) * keep))])


def _voices(forest: Forest) -> NDArray[np.int64]:
    """For each tree the output that it alone speaks for; 0 for all where one speaks for several."""
    import numpy as np

    lowest, highest = np.full(len(forest.trees), forest.width), np.full(len(forest.trees), -1)
    np.minimum.at(lowest, forest.of_leaf, forest.outputs)
    np.maximum.at(highest, forest.of_leaf, forest.outputs)
    return lowest if (lowest == highest).all() else np.zeros(len(forest.trees), dtype=np.int64)


def best_of(model: ModelProto, forest: Forest, keep: float, rows: Rows, threads: int) -> dict[int, float] | None:
    """What to multiply each tree that stays by, by its place. None where there are too many trees and outputs to look at each."""
    if len(forest.trees) * forest.width > MOST_COLUMNS:
        return None
    products, constant = _products(model, forest, rows, threads)
    count = max(1, round(len(forest.trees) * keep))
    chosen = _forward(products, count)
    factors = _weighed(products, chosen)
    if constant is not None:
        # Shares of votes add up to one, before and after.
        factor = constant.sum() / sum(constant[place] * weight for place, weight in factors.items())
        factors = {place: weight * factor for place, weight in factors.items()}
    return factors


def _products(model: ModelProto, forest: Forest, rows: Rows, threads: int) -> tuple[Matrix, Matrix | None]:
    """By two trees: the sum of the products of what they say. And what each gives to all outputs together, if that is fixed."""
    import numpy as np

    part, name = apart(model, forest)
    probe = Probe(part, [name], threads)
    trees = len(forest.trees)
    products, low, high = np.zeros((trees, trees)), np.full(trees, np.inf), np.full(trees, -np.inf)
    for batch in batches(part, rows, MOST_ROWS):
        [said] = probe.run(batch)
        votes = said.reshape(len(batch), trees, forest.width).astype(np.float64)
        flat = votes.transpose(0, 2, 1).reshape(-1, trees)
        products += flat.T @ flat
        totals = votes.sum(axis=2)
        low, high = np.minimum(low, totals.min(axis=0)), np.maximum(high, totals.max(axis=0))
    fixed = forest.width > 1 and bool(np.all(high - low <= 1e-4 * np.abs(high)))
    return products, high if fixed else None


def _forward(products: Matrix, count: int) -> list[int]:
    """Trees in the order in which each leaves the least of the sum of all unexplained."""
    import numpy as np

    trees = len(products)
    left, missing = products.diagonal().copy(), products.sum(axis=1)
    floor = 1e-9 * max(float(left.max()), 1e-300)
    rows = np.zeros((count, trees))
    chosen: list[int] = []
    for step in range(count):
        gain = np.where(left > floor, missing**2 / np.maximum(left, floor), -1.0)
        gain[chosen] = -1.0
        best = int(gain.argmax())
        if gain[best] < 0:
            break
        root = left[best] ** 0.5
        rows[step] = (products[best] - rows[:step, best] @ rows[:step]) / root
        missing -= rows[step] * (missing[best] / root)
        left -= rows[step] ** 2
        chosen.append(best)
    return chosen


def _weighed(products: Matrix, chosen: list[int]) -> dict[int, float]:
    """Their least-squares weights, drawn to what they would be if all weighed the same. Who would weigh nothing goes too."""
    import numpy as np

    while True:
        inner, wanted = products[np.ix_(chosen, chosen)], products[chosen].sum(axis=1)
        even = np.full(len(chosen), wanted.sum() / inner.sum())
        damped = inner + RIDGE * inner.diagonal().mean() * np.eye(len(chosen))
        weights = even + np.linalg.solve(damped, wanted - inner @ even)
        if (weights > 0).all() or len(chosen) == 1:
            return dict(sorted(zip(chosen, weights.tolist(), strict=True)))
        chosen = [place for place, weight in zip(chosen, weights, strict=True) if weight > 0]


def even(forest: Forest, chosen: list[int]) -> dict[int, float]:
    """Each tree that stays weighs as much more as there are fewer: for trees of which each says all by itself."""
    factor = 1.0 if forest.averages else len(forest.trees) / len(chosen)
    return dict.fromkeys(chosen, factor)
