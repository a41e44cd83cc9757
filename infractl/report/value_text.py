"""Property values and figures as people read them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from infractl.domain.figure import Figure
from infractl.domain.value import Blob, Output, Redacted, SecretRef, outputs_in
from infractl.units import format_bytes, format_duration, format_rate

_FORMATS: dict[str, Callable[[float], str]] = {"s": format_duration, "1/s": format_rate, "B": format_bytes}


def value_text(value: Any) -> str:
    """One value on one line. What is not known yet says so, what is secret does not show."""
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
        case _:
            return json.dumps(value, ensure_ascii=False)


def figure_text(figure: Figure) -> str:
    """`3.2ms (2.1ms to 4.8ms)`: the value and how sure it is; the basis is said once a table."""
    show = _FORMATS.get(figure.unit) or (lambda value: f"{value:g} {figure.unit}")
    return f"{show(figure.value)} ({show(figure.low)} to {show(figure.high)})"
