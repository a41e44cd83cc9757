"""`infractl status`."""

from __future__ import annotations

import sys

from infractl.cli.parameter import AsJson, ChangedSince, Env, Labels, Paths, Services, given


def status(
    paths: Paths = None,
    env: Env = None,
    service: Services = None,
    label: Labels = None,
    changed_since: ChangedSince = None,
    json: AsJson = False,
) -> None:
    """Show what runs and how well.

    What is measured stands beside what was promised and what was predicted.
    """
    from infractl.cli.opening import opened, tell_elsewhere
    from infractl.cli.terminal import style_of
    from infractl.report.status_text import status_text
    from infractl.workflows.select import Asked
    from infractl.workflows.status import status as run

    workspace = opened(given(paths), env, Asked(services=service or (), labels=label or (), changed_since=changed_since))
    services = run(workspace)
    tell_elsewhere(workspace)
    if json:
        import json as codec

        from infractl.state.codec import encode

        sys.stdout.write(codec.dumps([encode(s) for s in services], indent=2) + "\n")
    else:
        sys.stdout.write(status_text(services, style_of(sys.stdout)))
