"""What is installed here tells nobody that it is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent() -> Iterator[None]:
    """For the first import of openvino or nncf, which reports itself to its maker's analytics unless that package is absent."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    yield
