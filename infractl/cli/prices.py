"""`infractl prices`: its commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from infractl.cli.json_text import json_text
from infractl.cli.parameter import AsJson, Env, ProjectDirectory

prices = typer.Typer(help="See to the list prices that the project is planned with.", no_args_is_help=True)


@prices.callback()
def _group() -> None:
    """Makes it a group, though it has one command."""


@prices.command()
def refresh(
    target: Annotated[str, typer.Option("--target", metavar="NAME", help="The target whose prices these are.")],
    file: Annotated[
        Path | None,
        typer.Argument(help="A price list that was downloaded from the cloud. [default: the provider's own]", show_default=False),
    ] = None,
    project: ProjectDirectory = Path(),
    env: Env = None,
    json: AsJson = False,
) -> None:
    """Take newer list prices over into prices.lock.yaml, and show what they change.

    Nothing that runs is touched; the next plan is made with them.
    """
    from infractl.cli.terminal import style_of
    from infractl.report.price_text import price_text
    from infractl.workflows.prices import refresh as run
    from infractl.workflows.workspace import open_project

    found = run(open_project(project, env), target, file)
    sys.stdout.write(json_text(found) if json else price_text(found, style_of(sys.stdout)))
