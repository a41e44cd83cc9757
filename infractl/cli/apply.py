"""`infractl apply`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infractl.cli.parameter import (
    AdoptEmpty,
    AutoApprove,
    ChangedSince,
    Env,
    Labels,
    LockTimeout,
    Parallelism,
    Paths,
    RefreshOnly,
    Replace,
    Services,
    Summary,
    Target,
    asked,
    given,
    patience,
    steering,
)
from infractl.errors import StalePlanError, UsageError

if TYPE_CHECKING:
    from infractl.domain.plan import Plan


def apply(
    paths: Paths = None,
    env: Env = None,
    service: Services = None,
    label: Labels = None,
    changed_since: ChangedSince = None,
    adopt_empty: AdoptEmpty = False,
    summary: Summary = False,
    digest: Annotated[
        str | None,
        typer.Option("--digest", metavar="SHA256", help="Of a saved plan: the digest that was approved. Another is refused."),
    ] = None,
    auto_approve: AutoApprove = False,
    parallelism: Parallelism = None,
    lock_timeout: LockTimeout = "0s",
    target: Target = None,
    replace: Replace = None,
    refresh_only: RefreshOnly = False,
) -> None:
    """Plan, ask, and carry it out.

    Given a plan that plan --out saved, carry out exactly that in its environment, without a question: it was reviewed. Where
    things changed since, it is refused.
    """
    from infractl.cli.carry_out import Manner, carry_out
    from infractl.cli.document import open_plan
    from infractl.cli.opening import opened
    from infractl.workflows import apply as workflow

    sources = given(paths)
    manner = Manner(auto_approve=auto_approve, summary=summary, parallelism=parallelism, patience=patience(lock_timeout))
    chosen = asked(service, label, changed_since)
    wanted = steering(target, replace, refresh_only)
    if _is_plan(sources):
        if target or replace or refresh_only:
            raise _shaped_already(sources[0])
        saved = open_plan(sources[0])
        if env not in (None, saved.environment):
            raise _another_environment(saved.environment, env, sources[0])
        if chosen != asked(None, None):
            raise _whole(sources[0])
        _approved(saved, digest, sources[0])
        workspace = workflow.open_saved(_project(sources[0]), saved)
        workspace = dataclasses.replace(workspace, adopt_empty=adopt_empty)
        # A saved plan was reviewed: asking again would be noise.
        carry_out(lambda voice: workflow.apply_saved(workspace, saved, voice), dataclasses.replace(manner, auto_approve=True))
    else:
        if digest is not None:
            raise _no_plan()
        workspace = dataclasses.replace(opened(sources, env, chosen), adopt_empty=adopt_empty)
        carry_out(lambda voice: workflow.apply(workspace, wanted, voice), manner)


def _shaped_already(plan: Path) -> UsageError:
    return UsageError.of(
        "plan-shaped",
        summary="a saved plan is carried out as it was reviewed",
        detail="--target, --replace and --refresh-only shape a plan when it is made",
        at=str(plan),
        remedy="leave them out, or make a plan with them: infractl plan --target ADDRESS --out PLAN",
    )


def _approved(plan: Plan, digest: str | None, path: Path) -> None:
    """Raises StalePlanError where the plan is not the one that was approved."""
    from infractl.planning.planfile import plan_digest

    if digest is not None and digest.lower().removeprefix("sha256:") != (found := plan_digest(plan)):
        raise StalePlanError.of(
            "plan-digest",
            summary="this plan is not the one that was approved",
            detail=f"its digest is {found}, and {digest} was approved",
            at=str(path),
            remedy="take the plan that was approved, or have this one reviewed: infractl show PLAN",
        )


def _no_plan() -> UsageError:
    return UsageError.of(
        "digest-without-plan",
        summary="a digest was approved, and no saved plan is given that could have it",
        detail="--digest is of a plan that infractl plan --out saved",
        remedy="name the plan: infractl apply PLAN --digest SHA256",
    )


def _another_environment(planned: str, named: str, plan: Path) -> UsageError:
    return UsageError.of(
        "plan-environment",
        summary="this plan was made for another environment",
        detail=f"it is for {planned}, and --env names {named or 'none'}",
        at=str(plan),
        remedy=f"leave --env out, or make a plan for it: infractl plan --env {named or 'NAME'} --out PLAN",
    )


def _whole(plan: Path) -> UsageError:
    return UsageError.of(
        "plan-selection",
        summary="a saved plan is carried out as it was reviewed, and no part of it",
        detail="services were chosen beside it",
        at=str(plan),
        remedy="leave --service, --label and --changed-since out, or save a plan of those services: infractl plan --out PLAN",
    )


def _is_plan(sources: list[Path]) -> bool:
    """By its name, so that one that is missing is told of, or else by its content."""
    if len(sources) != 1 or sources[0].is_dir():
        return False
    from infractl.cli.document import looks_like_plan

    return sources[0].suffix == ".json" or looks_like_plan(sources[0])


def _project(plan: Path) -> Path:
    """The directory whose project a plan belongs to: this one, or where the plan lies."""
    here = Path()
    up = [here.resolve(), *here.resolve().parents]
    return here if any((directory / "infractl.yaml").exists() for directory in up) else plan.parent
