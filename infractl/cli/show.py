"""`infractl show`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from infractl.cli.parameter import AsJson, Summary


def show(
    plan: Annotated[Path, typer.Argument(help="A plan that plan --out saved.", show_default=False)],
    json: AsJson = False,
    summary: Summary = False,
) -> None:
    """Show a saved plan."""
    from infractl.cli.document import open_plan, plan_json
    from infractl.cli.terminal import style_of
    from infractl.report.plan_text import plan_summary_text, plan_text

    saved = open_plan(plan)
    text = plan_summary_text if summary else plan_text
    sys.stdout.write(plan_json(saved) if json else text(saved, style_of(sys.stdout)))
