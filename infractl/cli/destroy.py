"""`infractl destroy`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infractl.cli.parameter import AutoApprove, Env, LockTimeout, Parallelism, Paths, given, patience

if TYPE_CHECKING:
    from infractl.workflows.workspace import Workspace


def destroy(
    paths: Paths = None,
    env: Env = None,
    auto_approve: AutoApprove = False,
    parallelism: Parallelism = None,
    lock_timeout: LockTimeout = "0s",
) -> None:
    """Remove what apply made.

    For every service of a project, or for those that the named files declare.
    """
    from infractl.cli.carry_out import Manner, carry_out
    from infractl.cli.opening import tell_elsewhere
    from infractl.workflows import apply as workflow

    limit = patience(lock_timeout)
    workspace = _workspace(given(paths), env)
    keys = workflow.destroyable(workspace)
    if not keys:
        tell_elsewhere(workspace)
    manner = Manner(auto_approve=auto_approve, parallelism=parallelism, patience=limit, question="Do you want to destroy this")
    carry_out(lambda voice: workflow.destroy(workspace, keys, voice), manner)


def _workspace(sources: list[Path], environment: str | None) -> Workspace:
    """A whole project is opened without its documents: what runs can be removed even if they are broken or gone."""
    from infractl.spec.find import covers
    from infractl.workflows.workspace import open_project, open_workspace

    if len(sources) == 1 and sources[0].is_dir():
        project = open_project(sources[0], environment)
        if covers(sources, project.loaded.root):
            return project
    return open_workspace(sources, environment)
