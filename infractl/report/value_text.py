"""Property values and figures as people read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from infractl.domain.figure import Figure, quantity_text
from infractl.domain.placement import Prediction
from infractl.domain.value import Blob, Output, Redacted, SecretRef, outputs_in
from infractl.report.group_text import DIFFERS
from infractl.units import format_rate

WIDEST = 60
"""A longer text is cut in its middle; the JSON document has the whole."""


def value_text(value: Any) -> str:
    """One value on one line. What is not known yet says so, what is secret does not show, a digest is shortened."""
    match value:
        case Redacted():
            return "(sensitive value)"
        case Output():
            return "(known after apply)"
        case Blob(digest=digest):
            return f"sha256:{digest[:12]}"
        case SecretRef(source=source, name=name):
            return f"(secret {source}:{name})"
        case Mapping():
            return "{" + ", ".join(f"{k}: {value_text(v)}" for k, v in value.items()) + "}"
        case list() | tuple():
            return "(known after apply)" if outputs_in(value) else "[" + ", ".join(map(value_text, value)) + "]"
        case str() if value == DIFFERS:
            return value
        case str() if re.fullmatch("[0-9a-f]{64}", value):
            return f"sha256:{value[:12]}"
        case str():
            return json.dumps(shortened(value), ensure_ascii=False)
        case _:
            return json.dumps(value, ensure_ascii=False)


def shortened(text: str) -> str:
    """What takes more than a line's place is cut in its middle."""
    half = (WIDEST - 3) // 2
    return f"{text[:half]}...{text[-half:]}" if len(text) > WIDEST else text


def predicted_at(prediction: Prediction) -> str:
    """The load that a prediction is of."""
    return f"at {format_rate(prediction.rate_per_s)}" if prediction.rate_per_s else "idle: no traffic is declared"


def times(prediction: Prediction) -> Iterator[tuple[str, Figure]]:
    """Each predicted time with its name as an SLO has it: `p99`, and of a language model `ttft p95`."""
    for name, figures in (("", prediction.latency_s), ("ttft ", prediction.ttft_s), ("tpot ", prediction.tpot_s)):
        for percentile, figure in sorted(figures.items()):
            yield f"{name}p{percentile}", figure


def figure_text(figure: Figure) -> str:
    """`3.2ms (2.1ms to 4.8ms)`: the value and how sure it is; the basis is said once a table."""
    value, low, high = (quantity_text(each, figure.unit) for each in (figure.value, figure.low, figure.high))
    return f"{value} ({low} to {high})"


def counted(number: int, noun: str) -> str:
    """`1 service`, `2 services`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
