"""Field types that read a quantity with its unit and keep the SI value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, WithJsonSchema

from infractl.units import Money, parse_duration_s, parse_money, parse_rate_per_s, parse_share

T = TypeVar("T")


def _text(parse: Callable[[str], T]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        # A bare number has no unit: say what one looks like instead of guessing.
        return parse(value if isinstance(value, str) else str(value))

    return read


def _pattern(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


_NUMBER = r"\d+(\.\d+)?"

Seconds = Annotated[
    float, BeforeValidator(_text(parse_duration_s)), _pattern(rf"^{_NUMBER}\s*(ns|us|µs|ms|s|m|h|d)$", "10ms", "2s")
]
PerSecond = Annotated[
    float, BeforeValidator(_text(parse_rate_per_s)), _pattern(rf"^{_NUMBER}\s*/\s*(s|min|m|h|d)$", "2000/s", "100/h")
]
Share = Annotated[float, BeforeValidator(_text(parse_share)), _pattern(rf"^{_NUMBER}\s*%$", "10%", "0.1%")]
Amount = Annotated[Money, BeforeValidator(_text(parse_money)), _pattern(rf"^{_NUMBER}\s*[A-Z]{{3}}$", "1500 USD", "0.02 EUR")]
