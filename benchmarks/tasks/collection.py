"""The tasks by name, as the reference that the optimizer has to reach names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from benchmarks.models.packaged import FetchError
from benchmarks.tasks.direction import direction
from benchmarks.tasks.file_type import file_type
from benchmarks.tasks.forest import forest
from benchmarks.tasks.perceptron import perceptron
from benchmarks.tasks.residual import residual
from benchmarks.tasks.task import MadeTask, Task, TaskUnavailableError, kept

_MAKERS: Mapping[str, tuple[int, Callable[[], MadeTask]]] = {
    "mlp": (1, perceptron),
    "conv": (1, residual),
    "forest": (1, forest),
    "ocr_cls": (1, direction),
    "magika": (1, file_type),
}
"""By name: a version, which grows with every change of what is made, and what makes it."""

TASKS = tuple(_MAKERS)


def task(name: str) -> Task:
    """Made or fetched at the first call, which may take minutes. Raises TaskUnavailableError where it cannot be had here."""
    version, make = _MAKERS[name]
    try:
        return kept(name, version, make)
    except FetchError as error:
        raise TaskUnavailableError(str(error)) from error
