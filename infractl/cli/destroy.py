"""`infractl destroy`."""

from __future__ import annotations

from infractl.cli.parameter import (
    AutoApprove,
    Env,
    Labels,
    LockTimeout,
    Parallelism,
    Paths,
    Services,
    Target,
    asked,
    given,
    patience,
    steering,
)


def destroy(
    paths: Paths = None,
    env: Env = None,
    service: Services = None,
    label: Labels = None,
    auto_approve: AutoApprove = False,
    parallelism: Parallelism = None,
    lock_timeout: LockTimeout = "0s",
    target: Target = None,
) -> None:
    """Remove what apply made.

    For every service of a project, or for those that the named files declare or --service and --label choose.
    """
    from infractl.cli.carry_out import Manner, carry_out
    from infractl.cli.opening import tell_elsewhere
    from infractl.workflows import apply as workflow
    from infractl.workflows.select import open_recorded, recorded_of

    limit = patience(lock_timeout)
    workspace = open_recorded(given(paths), env, asked(service, label))
    keys = recorded_of(workspace)
    if not keys:
        tell_elsewhere(workspace)
    manner = Manner(auto_approve=auto_approve, parallelism=parallelism, patience=limit, question="Do you want to destroy this")
    carry_out(lambda voice: workflow.destroy(workspace, keys, steering(target), voice), manner)
