"""`infractl state`: its commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infractl.cli.parameter import AsJson, AutoApprove, Env

if TYPE_CHECKING:
    from infractl.state.store import Holder

ProjectDirectory = Annotated[Path, typer.Option("--project", help="The project's directory.")]

state = typer.Typer(help="See what is recorded, and break a lock.", no_args_is_help=True)


@state.command("list")
def list_resources(project: ProjectDirectory = Path(), env: Env = None, json: AsJson = False) -> None:
    """List what is recorded, one resource a line."""
    from infractl.cli.opening import tell_elsewhere
    from infractl.workflows.state import recorded
    from infractl.workflows.workspace import open_project

    workspace = open_project(project, env)
    states = recorded(workspace)
    tell_elsewhere(workspace)
    if json:
        import json as codec

        from infractl.state.codec import encode

        sys.stdout.write(codec.dumps([encode(s) for s in states], indent=2) + "\n")
        return
    for service in states:
        for resource in service.resources:
            sys.stdout.write(f"{resource.address}  {resource.target}  {resource.ref.id}\n")


@state.command()
def unlock(
    lock: Annotated[str, typer.Argument(help="The lock's id, from the message that named it.", show_default=False)],
    project: ProjectDirectory = Path(),
    env: Env = None,
    auto_approve: AutoApprove = False,
) -> None:
    """Break a lock whose holder will never give it back.

    The holder can write nothing to the state any more. What it has begun at a provider goes on: run apply to settle it.
    """
    from infractl.cli.terminal import ask
    from infractl.workflows.state import unlock as run
    from infractl.workflows.workspace import open_project

    def approve(holder: Holder) -> bool:
        sys.stdout.write(
            f"{holder.who} on {holder.host} (pid {holder.pid}) holds it since {holder.since:%Y-%m-%d %H:%M:%S} UTC\n"
        )
        return auto_approve or ask("Break this lock?")

    holder = run(open_project(project, env), lock, approve)
    sys.stdout.write(f"Unlocked: pid {holder.pid} on {holder.host} can write no more.\n")
