"""A recipe's passes in their order, each in a directory of its own, in the process that the sandbox watches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infractl.domain.recipe import Recipe
from infractl.domain.value import Json
from infractl.engines.engine import SessionOptions
from infractl.engines.registry import open_engine, stand_in
from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.registry import find_pass
from infractl.optimizer.rows import Rows
from infractl.optimizer.rows_file import read_rows
from infractl.state.codec import decode, encode


def build(job: Mapping[str, Any], directory: Path, tell: Callable[[str], None]) -> Mapping[str, Json]:
    """The model that the recipe makes of the given one, opened once by the engine that serves it or stands in for it here.

    Raises PassRefusedError, ModelError, and whatever a library raises.
    """
    recipe = decode(Recipe, job["recipe"])
    work = Work(
        model=Path(job["model"]),
        given=Path(job["model"]),
        calibration=_unlabelled(Path(job["calibration"])),
        search=_unlabelled(Path(job["search"])),
        settings={},
        seed=job["seed"],
        threads=job["threads"],
        scratch=directory,
    )
    made = Made(model=work.model)
    for position, step in enumerate(recipe.passes):
        tell(step.name)
        scratch = directory / f"{position}-{step.name}"
        scratch.mkdir()
        found = find_pass(step.name).run(replace(work, model=made.model, settings=step.settings, scratch=scratch))
        made = _after(made, step.name, found)
    if recipe.passes:
        _check_one_file(made.model, directory)
    tell("opening it")
    options = SessionOptions(threads=work.threads, options=recipe.options)
    signature = open_engine(stand_in(recipe.engine))(made.model, options).signature
    return {
        "model": str(made.model),
        "signature": encode(signature),
        "notes": list(made.notes),
        "figures": dict(made.figures),
    }


def _after(before: Made, name: str, found: Made) -> Made:
    return Made(
        model=found.model,
        notes=(*before.notes, *(f"{name}: {note}" for note in found.notes)),
        figures={**before.figures, **{f"{name}.{key}": float(value) for key, value in found.figures.items()}},
    )


def _unlabelled(directory: Path) -> Rows:
    return replace(read_rows(directory), labels=None)


def _check_one_file(model: Path, directory: Path) -> None:
    """Raises PassRefusedError: an artifact is one file, and what lies elsewhere would be lost with the directory."""
    from infractl.optimizer.whole_file import is_in_parts

    if not model.resolve().is_relative_to(directory.resolve()):
        raise PassRefusedError("outside", f"a pass left its model at {model.name}, outside of its directory")
    if is_in_parts(model):
        raise PassRefusedError("in-parts", "a pass left weights in other files than the model's")
