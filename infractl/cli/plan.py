"""`infractl plan`."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer

from infractl.cli.parameter import (
    AdoptEmpty,
    AsJson,
    ChangedSince,
    Env,
    Labels,
    Paths,
    RefreshOnly,
    Replace,
    Services,
    Summary,
    Target,
    asked,
    given,
    steering,
)


def plan(
    paths: Paths = None,
    env: Env = None,
    service: Services = None,
    label: Labels = None,
    changed_since: ChangedSince = None,
    adopt_empty: AdoptEmpty = False,
    json: AsJson = False,
    summary: Summary = False,
    out: Annotated[Path | None, typer.Option("--out", help="Save the plan, for review and for apply.")] = None,
    detailed_exitcode: Annotated[bool, typer.Option("--detailed-exitcode", help="Exit with 2 if there are changes.")] = False,
    target: Target = None,
    replace: Replace = None,
    refresh_only: RefreshOnly = False,
) -> None:
    """Show what apply would change.

    Says why, which latency to expect and how sure that is, and what it costs. Changes nothing.
    """
    from infractl.cli.document import plan_json, save
    from infractl.cli.opening import opened
    from infractl.cli.terminal import progress, style_of
    from infractl.report.plan_text import plan_summary_text, plan_text
    from infractl.workflows.prices import record
    from infractl.workflows.steer import plan_steered

    wanted = steering(target, replace, refresh_only)
    workspace = opened(given(paths), env, asked(service, label, changed_since))
    workspace = dataclasses.replace(workspace, adopt_empty=adopt_empty)
    result = plan_steered(workspace, wanted, progress)
    text = plan_summary_text if summary else plan_text
    sys.stdout.write(plan_json(result) if json else text(result, style_of(sys.stdout)))
    if out is not None:
        save(result, out)
        record(workspace, result)
        progress(f"Saved the plan to {out}. To perform exactly it: infractl apply {out}")
    raise typer.Exit(2 if detailed_exitcode and result.changed else 0)
