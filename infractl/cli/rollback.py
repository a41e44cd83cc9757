"""`infractl rollback`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from infractl.cli.parameter import AutoApprove, Env, LockTimeout, Parallelism, ProjectDirectory, patience


def rollback(
    service: Annotated[str, typer.Argument(help="The service's name.", show_default=False)],
    to: Annotated[
        int | None,
        typer.Option("--to", metavar="SERIAL", help="The version of the state to go back to. [default: the release before]"),
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Save the plan instead of carrying it out.")] = None,
    project: ProjectDirectory = Path(),
    env: Env = None,
    auto_approve: AutoApprove = False,
    parallelism: Parallelism = None,
    lock_timeout: LockTimeout = "0s",
) -> None:
    """Go back to an earlier deployment of a service, whatever is declared.

    Shows what changes, asks, and carries it out with the model that was deployed then: nothing is built.
    """
    from infractl.cli.carry_out import Manner, carry_out
    from infractl.cli.document import save
    from infractl.cli.terminal import progress, show, style_of
    from infractl.report.plan_text import plan_text
    from infractl.workflows import apply as workflow
    from infractl.workflows.rollback import plan_rollback
    from infractl.workflows.workspace import open_project

    manner = Manner(auto_approve=auto_approve, parallelism=parallelism, patience=patience(lock_timeout))
    workspace = open_project(project, env)
    if out is None:
        carry_out(lambda voice: workflow.rollback(workspace, service, to, voice), manner)
    else:
        result = plan_rollback(workspace, service, to)
        show(plan_text(result, style_of(sys.stdout)))
        save(result, out)
        progress(f"Saved the plan to {out}. To perform exactly it: infractl apply {out}")
