"""A benchmark's outcome as the runner sees it: the document in its last line, or what went wrong with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`document` is None where there is none; `failure` then says why. `date` is the day of the run, `quick` how it was run."""

    name: str
    claim: str
    date: str
    quick: bool
    document: Mapping[str, Any] | None = None
    failure: str = ""

    @property
    def kept(self) -> bool:
        """Whether it ran and no figure missed its goal."""
        return self.document is not None and all(f["holds"] is not False for f in self.document["figures"].values())


def read_last_line(output: str, code: int) -> tuple[Mapping[str, Any] | None, str]:
    """The document in a benchmark's output, and why there is none. A failed benchmark has none, whatever it printed."""
    if code:
        return None, f"it exited with {code}"
    line = next((line for line in reversed(output.splitlines()) if line.strip()), "")
    try:
        document = json.loads(line)
    except ValueError:
        return None, f"its last line is no JSON: {line[:80]!r}"
    return (document, "") if _well_formed(document) else (None, "its last line lacks figures, machine or versions")


def _well_formed(document: Any) -> bool:
    if not isinstance(document, dict) or not all(isinstance(document.get(k), dict) for k in ("figures", "machine", "versions")):
        return False
    return all(
        isinstance(figure, dict) and {"value", "unit", "goal", "holds"} <= figure.keys() and _explained(figure)
        for figure in document["figures"].values()
    )


def _explained(figure: Mapping[str, Any]) -> bool:
    return isinstance(figure["value"], int | float) or bool(figure.get("why"))
