"""Passes by name. A pass is imported only when it is asked for, with the libraries that it works by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module

from infractl.optimizer.passes.contract import Pass, PassRefusedError

_CLASSES: Mapping[str, str] = {
    "simplify": "Simplify",
    "fp16": "Fp16",
    "int8-dynamic": "Int8Dynamic",
    "int8-static": "Int8Static",
    "int4-weights": "Int4Weights",
    "prune": "Prune",
    "prune-trees": "PruneTrees",
    "distill": "Distill",
    "search": "Search",
}
"""A class by the name of its pass; its module has the same name, with underscores."""

NAMES = tuple(_CLASSES)


def find_pass(name: str) -> Pass:
    """The pass of this name. Raises PassRefusedError where there is none."""
    if name not in _CLASSES:
        raise PassRefusedError("pass-unknown", f"{name} is not among: {', '.join(NAMES)}")
    module = f"{__package__}.{name.replace('-', '_')}"
    try:
        make: Callable[[], Pass] = getattr(import_module(module), _CLASSES[name])
    except ModuleNotFoundError as error:
        raise PassRefusedError("pass-not-installed", f"{name}: {error}") from error
    return make()
