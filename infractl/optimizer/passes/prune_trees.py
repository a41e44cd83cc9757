"""Fewer trees: an ensemble keeps a share of its trees, which are chosen and weighed so that they say what all of them said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.onnx_file import read_model, write_model
from infractl.optimizer.passes.setting import choice, number, only
from infractl.optimizer.pruning.forest import Forest, forests, with_trees
from infractl.optimizer.pruning.thin import best_of, even, first_of

if TYPE_CHECKING:
    from onnx import ModelProto

LEAST_SHARE = 0.001


class PruneTrees:
    """The pass `prune-trees`, for the tree ensembles of ai.onnx.ml.

    `keep` is the share of trees that stays, `select` which: `fit` those that say most on the rows, `average` the first of trees
    that are averaged, `first` the first of trees of which each corrects those before it.
    """

    name = "prune-trees"
    version = 1

    def run(self, work: Work) -> Made:
        """Raises PassRefusedError where there is no ensemble, or no rows to choose by."""
        only(work.settings, "keep", "select")
        keep = number(work.settings, "keep", 0.5, least=LEAST_SHARE, most=1)
        select = choice(work.settings, "select", "fit", ("fit", "average", "first"))
        model = read_model(work.model)
        found = forests(model)
        if not found:
            raise PassRefusedError("nothing-to-prune", "the model has no ensemble of trees that are added up or averaged")
        if select == "fit" and not len(work.calibration):
            raise PassRefusedError("no-data", "which trees say what all of them say is found on rows of data, and there are none")
        notes, before, after = [], 0, 0
        for forest in found:
            factors = self._factors(model, forest, keep, select, work)
            before, after = before + len(forest.trees), after + len(factors)
            notes.append(f"{forest.node.output[0]}: {len(forest.trees)} trees became {len(factors)}")
            model.graph.node[forest.index].CopyFrom(with_trees(forest, factors))
        if after == before:
            raise PassRefusedError("nothing-to-prune", f"all {before} trees stay")
        figures = {"trees_before": float(before), "trees_after": float(after)}
        return Made(model=write_model(model, work.scratch / "model.onnx"), notes=tuple(notes), figures=figures)

    def _factors(self, model: ModelProto, forest: Forest, keep: float, select: str, work: Work) -> dict[int, float]:
        if select == "fit":
            factors = best_of(model, forest, keep, work.calibration, work.threads)
            if factors is None:
                raise PassRefusedError(
                    "too-large", f"{len(forest.trees)} trees with {forest.width} outputs are too many to weigh"
                )
            return factors
        chosen = first_of(forest, keep)
        return even(forest, chosen) if select == "average" else dict.fromkeys(chosen, 1.0)
