"""`infractl artifacts`: its commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from infractl.cli.json_text import json_text
from infractl.cli.parameter import AsJson, AutoApprove, ProjectDirectory

artifacts = typer.Typer(help="See what the project's artifact store keeps, and remove what nothing needs.", no_args_is_help=True)

OlderThan = Annotated[
    str, typer.Option("--older-than", metavar="TIME", help="Only what nobody has put into the store for so long, such as 30d.")
]
Preview = Annotated[bool, typer.Option("--preview", help="Only show what would be removed.")]


@artifacts.command("list")
def list_artifacts(project: ProjectDirectory = Path(), json: AsJson = False) -> None:
    """List the artifacts, the newest first: what made each one, and which services name it."""
    from infractl.report.artifacts_text import artifacts_text
    from infractl.workflows.artifacts import artifacts as run
    from infractl.workflows.workspace import open_project

    found = run(open_project(project, None))
    sys.stdout.write(json_text(found) if json else artifacts_text(found))


@artifacts.command()
def show(
    artifact: Annotated[str, typer.Argument(help="Its digest, or the beginning of it.", show_default=False)],
    project: ProjectDirectory = Path(),
    json: AsJson = False,
) -> None:
    """Show one artifact."""
    from infractl.report.artifacts_text import artifact_text
    from infractl.workflows.artifacts import artifact as run
    from infractl.workflows.workspace import open_project

    found = run(open_project(project, None), artifact)
    sys.stdout.write(json_text(found) if json else artifact_text(found))


@artifacts.command()
def prune(
    older_than: OlderThan = "7d",
    preview: Preview = False,
    project: ProjectDirectory = Path(),
    auto_approve: AutoApprove = False,
    json: AsJson = False,
) -> None:
    """Remove artifacts, and records of how they were made, that nothing needs.

    What a service's record, its history or its journal names is never removed. A saved plan that was not applied is not known:
    what it counts on has to be younger than --older-than.
    """
    from infractl.cli.terminal import ask, show
    from infractl.clock import SystemClock
    from infractl.report.artifacts_text import pruning_text
    from infractl.units import UnitError, parse_duration_s
    from infractl.workflows.artifacts import prune as run
    from infractl.workflows.artifacts import to_prune
    from infractl.workflows.workspace import open_project

    try:
        age_s = parse_duration_s(older_than)
    except UnitError as error:
        raise typer.BadParameter(f"--older-than {older_than}: {error}") from None
    workspace = open_project(project, None)
    found = to_prune(workspace, age_s, SystemClock().now())
    show(json_text(found) if json else pruning_text(found))
    if preview or not (found.artifacts or found.records):
        return
    if run(workspace, found, lambda _: auto_approve or ask("Remove these?")) and not json:
        show("Removed.\n")
