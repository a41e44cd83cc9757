"""`infractl validate`."""

from __future__ import annotations

import sys

import typer

from infractl.cli.parameter import AsJson, Paths, given


def validate(paths: Paths = None, json: AsJson = False) -> None:
    """Check service documents.

    Shows every problem at once, with its place and a remedy. Reads no model and needs no provider.
    """
    from infractl.cli.terminal import style_of
    from infractl.errors import SpecError
    from infractl.report.diagnostic import as_json, render
    from infractl.spec.load import load_project

    try:
        loaded = load_project(given(paths))
    except SpecError as error:
        if not json:
            raise
        _print_json(as_json(error.diagnostics))
        raise typer.Exit(1) from None
    if json:
        _print_json(as_json(loaded.diagnostics))
        return
    if loaded.diagnostics:
        sys.stderr.write(render(loaded.diagnostics, color=style_of(sys.stderr).color))
    names = ", ".join(s.service.name for s in loaded.services)
    sys.stdout.write(f"Valid: {len(loaded.services)} service{'s' if len(loaded.services) != 1 else ''} ({names}).\n")


def _print_json(problems: object) -> None:
    import json

    sys.stdout.write(json.dumps(problems, indent=2) + "\n")
