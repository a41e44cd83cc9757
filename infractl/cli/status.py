"""`infractl status`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from infractl.cli.json_text import json_text
from infractl.cli.parameter import AsJson, ChangedSince, Env, Labels, Paths, Services, asked, given


def status(
    paths: Paths = None,
    env: Env = None,
    service: Services = None,
    label: Labels = None,
    changed_since: ChangedSince = None,
    json: AsJson = False,
    summary: Annotated[
        bool, typer.Option("--summary", help="Only what is not as it should be, and how many there are of each sort.")
    ] = False,
) -> None:
    """Show what runs and how well.

    What is measured stands beside what was promised and what was predicted. Of more than ten services only those are shown that
    are not as they should be.
    """
    from infractl.cli.opening import opened, tell_elsewhere
    from infractl.cli.terminal import style_of
    from infractl.report.status_summary_text import status_summary_text
    from infractl.report.status_text import status_text
    from infractl.workflows.status import status as run

    workspace = opened(given(paths), env, asked(service, label, changed_since))
    seen = run(workspace)
    services = seen.services
    tell_elsewhere(workspace)
    if json:
        sys.stdout.write(json_text([*services]))
    else:
        sys.stdout.write(status_summary_text(services) if summary else status_text(services, style_of(sys.stdout)))
    seen.raise_unseen()
