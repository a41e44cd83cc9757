"""Structured pruning without training: whole neurons, channels and attention heads go, and what read them is fitted again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.domain.value import Json
from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.onnx_file import read_model, refusing, write_model
from infractl.optimizer.passes.setting import choice, number, only, truth
from infractl.optimizer.passes.simplify import simplified
from infractl.optimizer.pruning.choose import least_important, sparing, width_left
from infractl.optimizer.pruning.cut import cut, drop_unused
from infractl.optimizer.pruning.elimination import can_eliminate, eliminate
from infractl.optimizer.pruning.fold import fold
from infractl.optimizer.pruning.graph import read
from infractl.optimizer.pruning.group import Group, groups
from infractl.optimizer.pruning.importance import by_flow, by_weight
from infractl.optimizer.pruning.refit import Effort, Fit, refit
from infractl.optimizer.pruning.rule.all import RULES
from infractl.optimizer.pruning.walk import Walk, walk

if TYPE_CHECKING:
    from onnx import ModelProto

MOST_BYTES = 1 << 30
"""Of weights. Parts of a model are handed to the engine as messages, and those end at 2 GiB."""

MOST_SHARE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`share` of each group's units goes, `ratios` for single groups by name, `heads` of attention heads.

    Widths are rounded to `block`. `rows` are sampled for each layer that is fitted again, which `refit` turns off. `importance`
    is `fit` (what the others cannot stand in for; without a refit as `flow`), `flow` (weights times what flows) or `weight`.
    """

    share: float = 0.5
    ratios: Mapping[str, float]
    heads: float = 0.0
    block: int = 16
    rows: int = 12_000
    refit: bool = True
    importance: str = "fit"

    def share_of(self, group: Group) -> float:
        return self.ratios.get(group.name, self.heads if group.heads else self.share)


class Prune:
    """The pass `prune`. It does nothing to models whose weights are not plain matrices and kernels, and says so."""

    name = "prune"
    version = 3

    def run(self, work: Work) -> Made:
        settings = parse(work.settings)
        if settings.refit and not len(work.calibration):
            raise PassRefusedError("no-data", "what is left can only be fitted to rows of data, and there are none")
        given = _read(work.model)
        fold(given)
        found = walk(read(given), RULES)
        every = groups(found)
        removed = sparing(found, _removed(found, every, settings, work))
        if not removed:
            raise PassRefusedError("nothing-to-prune", "; ".join(_kept_notes(every, removed, settings)) or "no layer was found")
        model = cut(found, removed)
        fits, left = refit(found, model, removed, _effort(work, settings)) if settings.refit else ([], [])
        drop_unused(model)
        notes = (*_pruned_notes(every, removed), *_kept_notes(every, removed, settings), *left)
        return Made(
            model=write_model(model, work.scratch / "model.onnx"),
            notes=notes,
            figures=_figures(found, model, every, removed, fits),
        )


def parse(given: Mapping[str, Json]) -> Settings:
    """Raises PassRefusedError for settings that it does not have, or that make no sense."""
    only(given, "share", "ratios", "heads", "block", "rows", "refit", "importance")
    ratios = given.get("ratios", {})
    if not isinstance(ratios, Mapping):
        raise PassRefusedError("settings", f"ratios are shares by the name of a group, not {ratios!r}")
    return Settings(
        share=number(given, "share", 0.5, least=0, most=MOST_SHARE),
        ratios={name: number(ratios, name, 0, least=0, most=MOST_SHARE) for name in ratios},
        heads=number(given, "heads", 0, least=0, most=MOST_SHARE),
        block=int(number(given, "block", 16, least=1, most=1024)),
        rows=int(number(given, "rows", 12_000, least=1, most=10_000_000)),
        refit=truth(given, "refit", True),
        importance=choice(given, "importance", "fit", ("fit", "flow", "weight")),
    )


def _read(path: Path) -> ModelProto:
    import onnx
    from onnx import helper

    with refusing("model-unreadable"):
        light = onnx.load(path, load_external_data=False)
        size = sum(prod(t.dims) * helper.tensor_dtype_to_np_dtype(t.data_type).itemsize for t in light.graph.initializer)
    if size > MOST_BYTES:
        raise PassRefusedError("too-large", f"the weights take {size} bytes, and pruning handles at most {MOST_BYTES}")
    return simplified(read_model(path))[0]


def _effort(work: Work, settings: Settings) -> Effort:
    return Effort(rows=work.calibration, places=settings.rows, threads=work.threads, seed=work.seed)


def _removed(found: Walk, every: Sequence[Group], settings: Settings, work: Work) -> set[int]:
    """The units that go."""
    counts = {group.name: group.width - width_left(group, settings.share_of(group), settings.block) for group in every}
    losing = [group for group in every if counts[group.name]]
    removed: set[int] = set()
    if settings.importance == "fit" and settings.refit:
        fit = [group for group in losing if can_eliminate(found, group)]
        losing = [group for group in losing if group not in fit]
        for group in fit:
            removed.update(eliminate(found, group, counts[group.name], work.calibration, work.threads))
    if losing:
        flows = settings.importance != "weight" and len(work.calibration)
        importance = by_flow(found, work.calibration, work.threads) if flows else by_weight(found)
        removed.update(unit for group in losing for unit in least_important(group, counts[group.name], importance))
    return removed


def _gone(group: Group, removed: Collection[int]) -> int:
    return len(set(group.free).intersection(removed))


def _pruned_notes(every: Sequence[Group], removed: Collection[int]) -> list[str]:
    return [
        f"{group.name}: {group.width} {_units(group)} became {group.width - gone}"
        for group in every
        if (gone := _gone(group, removed))
    ]


def _kept_notes(every: Sequence[Group], removed: Collection[int], settings: Settings) -> list[str]:
    return [
        f"{group.name}: all {group.width} {_units(group)} stay: {_why(group, settings)}"
        for group in every
        if not _gone(group, removed)
    ]


def _units(group: Group) -> str:
    return "heads" if group.heads else "channels"


def _why(group: Group, settings: Settings) -> str:
    if not group.free:
        return ", ".join(group.reasons)
    if settings.share_of(group) == 0:
        return "none were to go"
    return f"the share that was to go is less than a block of {settings.block}"


def _figures(
    found: Walk, model: ModelProto, every: Sequence[Group], removed: Collection[int], fits: Sequence[Fit]
) -> dict[str, float]:
    pruned = sum(_gone(group, removed) > 0 for group in every)
    figures = {
        "parameters_before": float(_parameters(found.graph.model)),
        "parameters_after": float(_parameters(model)),
        "groups_pruned": float(pruned),
        "groups_kept": float(len(every) - pruned),
        "layers_fitted": float(len(fits)),
    }
    if fits:
        figures["worst_error_cut"] = max(fit.before for fit in fits)
        figures["worst_error_fitted"] = max(fit.after for fit in fits)
    return figures


def _parameters(model: ModelProto) -> int:
    return sum(prod(tensor.dims) for tensor in model.graph.initializer)
