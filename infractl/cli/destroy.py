"""`infractl destroy`."""

from __future__ import annotations

from infractl.cli.parameter import AutoApprove, Paths, given


def destroy(paths: Paths = None, auto_approve: AutoApprove = False) -> None:
    """Remove what apply made.

    For every service of a project, or for those that the named files declare.
    """
    from infractl.cli.carry_out import carry_out
    from infractl.workflows import apply as workflow
    from infractl.workflows.workspace import open_workspace

    workspace = open_workspace(given(paths))
    keys = workflow.destroyable(workspace)
    carry_out(lambda voice: workflow.destroy(workspace, keys, voice), auto_approve=auto_approve)
