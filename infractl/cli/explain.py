"""`infractl explain`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from infractl.cli.parameter import Env, ProjectDirectory


class Format(StrEnum):
    text = "text"
    json = "json"


def explain(
    service: Annotated[str, typer.Argument(help="The service.")],
    project: ProjectDirectory = Path(),
    env: Env = None,
    offer: Annotated[
        str | None,
        typer.Option("--offer", metavar="NAME", help="Show the whole sum of this offer: ml.g5.xlarge.", show_default=False),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.text,  # noqa: A002 - the option's name
    svg: Annotated[
        Path | None,
        typer.Option("--svg", metavar="FILE", help="Draw monthly cost against p99 into this file.", show_default=False),
    ] = None,
) -> None:
    """Show why a service is placed as it is, and what would change that.

    Names the best of what was refused, what a measurement would settle, and what more traffic or a longer limit would change.
    """
    import json

    from infractl.cli.opening import opened
    from infractl.cli.terminal import progress, style_of
    from infractl.report.explanation_document import explanation_json
    from infractl.report.explanation_text import explanation_text
    from infractl.workflows.explain import explain as run
    from infractl.workflows.select import Asked, the_one

    workspace = opened([project], env, Asked(services=[service]))
    explained = run(workspace, the_one(workspace, service), offer, progress)
    if format is Format.json:
        sys.stdout.write(json.dumps(explanation_json(explained), indent=2) + "\n")
    else:
        sys.stdout.write(explanation_text(explained, style_of(sys.stdout)))
    if svg is not None:
        # What was found is not lost where the file cannot be written.
        sys.stdout.flush()
        from infractl.report.cost_svg import cost_svg

        svg.write_text(cost_svg(explained), encoding="utf-8")
        progress(f"Drew monthly cost against p99 into {svg}")
