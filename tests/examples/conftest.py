"""The examples' modules, which are no packages: an example's folder is on the path only while its modules are imported."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

Example = Callable[..., SimpleNamespace]


@pytest.fixture(scope="session")
def example() -> Example:
    """Gives the named modules of an example, which know each other, and leaves none behind that another's could be taken for."""
    return _modules


def _modules(folder: str, *names: str) -> SimpleNamespace:
    path = str(EXAMPLES / folder)
    sys.path.insert(0, path)
    try:
        return SimpleNamespace(**{name: importlib.import_module(name) for name in names})
    finally:
        sys.path.remove(path)
        for name, module in list(sys.modules.items()):
            if (getattr(module, "__file__", None) or "").startswith(path):
                del sys.modules[name]
