"""Counts of operations, bytes and parameters as people read them, as numbers and as functions of named dimensions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from infractl.domain.polynomial import Polynomial, Term
from infractl.units import format_bytes

_MOST_TERMS = 2
"""A sum of more shows its largest; the JSON document has all."""

_POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def flops_text(flops: float) -> str:
    """`2.1 GFLOP`, `640 FLOP`."""
    return f"{_scaled(flops, ('', 'k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'))}FLOP"


def rate_text(per_s: float, unit: str) -> str:
    """`14.9 GB/s`, `164 GFLOP/s`: in powers of a thousand, bytes too, as data sheets have them."""
    return f"{_scaled(per_s, ('', 'k', 'M', 'G', 'T', 'P'))}{unit}"


def parameters_text(parameters: float) -> str:
    """`8.03 billion`, `124 million`; below a million as it is."""
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if parameters >= size:
            return f"{_three(parameters / size)} {word}"
    return f"{parameters:,.0f}"


def share_text(part: float, whole: float) -> str:
    """`34%`; what is there and rounds to nothing is `<1%`."""
    share = part / whole if whole > 0 else 0.0
    return "<1%" if 0 < share <= 0.005 else f"{share:.0%}"


def flops_of(count: Polynomial, sizes: Mapping[str, float]) -> str:
    return polynomial_text(count, sizes, flops_text)


def bytes_of(count: Polynomial, sizes: Mapping[str, float]) -> str:
    return polynomial_text(count, sizes, format_bytes)


def polynomial_text(count: Polynomial, sizes: Mapping[str, float], amount: Callable[[float], str]) -> str:
    """`2.1 GFLOP × batch × sequence + 3 MFLOP × batch × sequence²`: the terms that are largest at these sizes come first."""
    terms = {term: coefficient for term, coefficient in count.terms.items() if coefficient}
    ranked = sorted(terms, key=lambda term: (-abs(Polynomial({term: terms[term]}).at(sizes)), term))
    if not ranked:
        return amount(0)
    text = ""
    for term in ranked[:_MOST_TERMS]:
        coefficient = terms[term]
        sign = ("- " if coefficient < 0 else "+ ") if text else ("-" if coefficient < 0 else "")
        text += f"{' ' if text else ''}{sign}{amount(abs(coefficient))}{_factors(term)}"
    return text + (" + …" if len(ranked) > _MOST_TERMS else "")


def given(count: Polynomial, sizes: Mapping[str, float]) -> Polynomial:
    """With these dimensions filled in, as a function of the others."""
    terms: dict[Term, float] = {}
    for term, coefficient in count.terms.items():
        left = tuple(name for name in term if name not in sizes)
        filled = Polynomial({tuple(name for name in term if name in sizes): coefficient}).at(sizes)
        terms[left] = terms.get(left, 0.0) + filled
    return Polynomial(terms)


def _factors(term: Term) -> str:
    powers = Counter(term)
    return "".join(f" × {name}{str(power).translate(_POWERS) if power > 1 else ''}" for name, power in powers.items())


def _scaled(value: float, prefixes: tuple[str, ...]) -> str:
    """Three significant digits and the prefix of a thousand's power, with a blank before it."""
    power = 0
    while value >= 999.5 and power < len(prefixes) - 1:
        value, power = value / 1000, power + 1
    return f"{_three(value)} {prefixes[power]}"


def _three(value: float) -> str:
    if value >= 999.5:
        return f"{value:,.0f}" if value < 1e9 else f"{value:.3g}"
    return f"{value:.3g}"
