"""What an environment gave to a service, as people read it: one value a line, behind the place where it stands."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from infractl.domain.given import Given
from infractl.report.value_text import shortened


def given_lines(given: Sequence[Given]) -> Iterator[str]:
    """`environments/staging.yaml:6  spec.traffic.peak = 50/s (was 2000/s)`."""
    width = max((len(each.at) for each in given), default=0)
    for each in given:
        before = f" (was {_shown(each.before)})" if each.before is not None else ""
        change = f"= {_shown(each.value)}" if each.value is not None else "removed"
        yield f"{each.at:<{width}}  {each.path} {change}{before}"


def _shown(text: str) -> str:
    """What would not stay on its line, or would steer the terminal, is written as in JSON."""
    return shortened(text) if text and text.isprintable() else json.dumps(shortened(text), ensure_ascii=True)
