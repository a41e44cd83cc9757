"""`infractl estimate`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from infractl.cli.parameter import Env, Labels, Paths, Services, asked, given


class Format(StrEnum):
    text = "text"
    json = "json"


def estimate(
    paths: Paths = None,
    env: Env = None,
    service: Services = None,
    label: Labels = None,
    what_if: Annotated[
        list[str] | None,
        typer.Option(
            "--what-if",
            metavar="FIELD=VALUE",
            help="Values of spec to try in every service: traffic.peak=5000/s,slo.latency.p99=10ms. May be given several times.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How to print it.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Show what services would cost and how fast they would be.

    Needs no account of any provider and no state. With --what-if it shows both what is declared and what is tried.
    """
    import json

    from infractl.cli.opening import opened
    from infractl.cli.terminal import progress, style_of
    from infractl.report.estimate_document import estimate_json
    from infractl.report.estimate_text import estimate_text
    from infractl.spec.what_if import patches
    from infractl.workflows.estimate import estimate as run
    from infractl.workflows.estimate import failed
    from infractl.workflows.select import open_selected

    tried, chosen = patches(what_if or ()), asked(service, label)
    baseline = opened(given(paths), env, chosen)
    workspace = open_selected(given(paths), env, chosen, tried) if tried else baseline
    result = run(workspace, baseline if tried else None, tuple(what_if or ()), progress)
    if format is Format.json:
        sys.stdout.write(json.dumps(estimate_json(result), indent=2) + "\n")
    else:
        sys.stdout.write(estimate_text(result, style_of(sys.stdout)))
    if failure := failed(workspace, result):
        sys.stdout.flush()
        raise failure
