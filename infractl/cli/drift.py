"""`infractl drift`."""

from __future__ import annotations

import sys

import typer

from infractl.cli.json_text import json_text
from infractl.cli.parameter import AsJson, ChangedSince, Env, Labels, Paths, Services, asked, given


def drift(
    paths: Paths = None,
    env: Env = None,
    service: Services = None,
    label: Labels = None,
    changed_since: ChangedSince = None,
    json: AsJson = False,
) -> None:
    """Compare what lives with what was applied.

    Says of each difference what the next apply does about it. Exits with 2 where there is drift. Plans and changes nothing.
    """
    from infractl.cli.opening import opened, tell_elsewhere
    from infractl.cli.terminal import style_of
    from infractl.report.drift_text import drift_text
    from infractl.workflows.drift import drift as run

    workspace = opened(given(paths), env, asked(service, label, changed_since))
    seen = run(workspace)
    services = seen.services
    tell_elsewhere(workspace)
    if json:
        sys.stdout.write(json_text([*services]))
    else:
        sys.stdout.write(drift_text(services, style_of(sys.stdout)))
    seen.raise_unseen()
    raise typer.Exit(2 if any(s.drifted for s in services) else 0)
