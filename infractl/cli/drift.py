"""`infractl drift`."""

from __future__ import annotations

import sys

import typer

from infractl.cli.parameter import AsJson, ChangedSince, Env, Labels, Paths, Services, given


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
    from infractl.workflows.select import Asked

    workspace = opened(given(paths), env, Asked(services=service or (), labels=label or (), changed_since=changed_since))
    seen = run(workspace)
    services = seen.services
    tell_elsewhere(workspace)
    if json:
        import json as codec

        from infractl.state.codec import encode

        sys.stdout.write(codec.dumps([encode(s) for s in services], indent=2) + "\n")
    else:
        sys.stdout.write(drift_text(services, style_of(sys.stdout)))
    seen.raise_unseen()
    raise typer.Exit(2 if any(s.drifted for s in services) else 0)
