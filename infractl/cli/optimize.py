"""`infractl optimize`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infractl.domain.metric import Metric

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_DROP = 1.0


class Format(StrEnum):
    text = "text"
    json = "json"


class Level(StrEnum):
    safe = "safe"
    auto = "auto"
    aggressive = "aggressive"


Model = Annotated[Path, typer.Argument(help="An ONNX file.", show_default=False)]
Validation = Annotated[
    Path,
    typer.Option(
        "--validation", metavar="FILE", help="Held-out inputs and labels: npz, npy, csv or parquet.", show_default=False
    ),
]
Labels = Annotated[
    str | None,
    typer.Option(
        "--labels", metavar="NAME", help="The labels' name in the data; without it agreement is judged.", show_default=False
    ),
]
Calibration = Annotated[
    Path | None,
    typer.Option(
        "--calibration",
        metavar="FILE",
        help="Inputs to calibrate on. [default: a part of the validation data]",
        show_default=False,
    ),
]
By = Annotated[
    Metric | None,
    typer.Option("--metric", help="What may not drop. [default: accuracy, without labels agreement]", show_default=False),
]
MaxDrop = Annotated[
    str, typer.Option("--max-drop", metavar="SHARE", help="How much worse the model may be, in points of the metric.")
]
AtLevel = Annotated[Level, typer.Option("--level", help="How much may be changed: safe keeps the numbers' range.")]
Limit = Annotated[str, typer.Option("--limit", metavar="TIME", help="The longest that it may take.")]
Memory = Annotated[
    str | None,
    typer.Option("--memory", metavar="SIZE", help="The most memory. [default: nine tenths of what is free]", show_default=False),
]
Target = Annotated[str, typer.Option("--target", metavar="NAME", help="Where it is to run: local, this machine.")]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write the best model into this file.", show_default=False)
]
As = Annotated[Format, typer.Option("--format", help="How to print it.")]
Svg = Annotated[
    Path | None, typer.Option("--svg", metavar="FILE", help="Draw accuracy against speed into this file.", show_default=False)
]


def optimize(
    model: Model,
    validation: Validation,
    labels: Labels = None,
    calibration: Calibration = None,
    metric: By = None,
    max_drop: MaxDrop = "1%",
    level: AtLevel = Level.auto,
    limit: Limit = "10m",
    memory: Memory = None,
    target: Target = "local",
    out: Out = None,
    format: As = Format.text,  # noqa: A002 - the option's name
    svg: Svg = None,
) -> None:
    """Make a model faster, with its accuracy proven.

    Tries quantization and structured pruning, gentlest first, each timed here beside the given model and proven on rows that
    nothing else has seen. No project is needed, and a second run answers at once. Ctrl-C keeps what is done.
    """
    import json

    from infractl.cli.terminal import style_of
    from infractl.clock import SystemClock
    from infractl.report.optimized_document import optimized_json
    from infractl.report.optimized_text import optimized_text
    from infractl.workflows.optimize import Asked, store_of, write_best
    from infractl.workflows.optimize import optimize as run

    asked = Asked(
        model=model,
        validation=validation,
        labels=labels,
        calibration=calibration,
        metric=metric,
        max_drop=_share("--max-drop", max_drop),
        level=level,
        limit_s=_read("--limit", limit, _duration_s),
        memory_bytes=int(_read("--memory", memory, _bytes)) if memory else None,
        target=target,
    )
    found = run(asked, SystemClock(), _progress)
    if format is Format.json:
        sys.stdout.write(json.dumps(optimized_json(found), indent=2) + "\n")
    else:
        sys.stdout.write(optimized_text(found, style_of(sys.stdout)))
    # What was found is not lost where a file cannot be written.
    sys.stdout.flush()
    if out is not None:
        write_best(found, store_of(), out)
    if svg is not None:
        from infractl.report.pareto_svg import pareto_svg

        svg.write_text(pareto_svg(found), encoding="utf-8")


def _progress(step: str, elapsed_s: float) -> None:
    from infractl.cli.terminal import progress

    progress(f"{elapsed_s:6.1f}s  {step}")


def _read(option: str, text: str, parse: Callable[[str], float]) -> float:
    try:
        return parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"{option} {text}: {error}") from None


def _duration_s(text: str) -> float:
    from infractl.units import parse_duration_s

    return parse_duration_s(text)


def _bytes(text: str) -> int:
    from infractl.units import parse_bytes

    return parse_bytes(text)


def _share(option: str, text: str) -> float:
    from infractl.units import parse_share

    share = _read(option, text, parse_share)
    if not 0 <= share <= MOST_DROP:
        raise typer.BadParameter(f"{option} {text}: a share from 0% to 100%")
    return share
