"""How a benchmark is started: `python -m benchmarks.NAME [--quick]`. It prints for people, and its figures as the last line."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable, Iterable

from benchmarks.harness.figure import Figure, last_line

Measure = Callable[[bool], Iterable[Figure]]
"""Given whether it must be quick, measures and gives the figures; prints what people may want to see besides."""


def start(measure: Measure, claim: str | None, distributions: Iterable[str] = ()) -> None:
    """`claim` is the module's docstring; `distributions` are those whose versions matter."""
    parser = ArgumentParser(description=claim)
    parser.add_argument("--quick", action="store_true", help="fewer runs: less than 5 minutes on two cores")
    quick = parser.parse_args().quick
    figures = list(measure(quick))
    for figure in figures:
        value = figure.why if figure.value is None else f"{figure.value:.4g} {figure.unit}"
        held = {True: "holds", False: "DOES NOT HOLD", None: ""}[figure.holds]
        print(f"{figure.name:44} {value:24} {figure.goal:10} {held}".rstrip())
    print(last_line(figures, distributions))
