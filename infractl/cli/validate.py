"""`infractl validate`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from infractl.cli.parameter import AsJson, Paths, given
from infractl.domain.environment import DEFAULT_ENVIRONMENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infractl.errors import Diagnostic
    from infractl.spec.load import LoadedProject


class Format(StrEnum):
    text = "text"
    json = "json"
    sarif = "sarif"


def validate(
    paths: Paths = None,
    env: Annotated[
        str | None,
        typer.Option(
            "--env",
            metavar="NAME",
            help="The one environment to check.  [default: the default one and those whose files lie in the paths; all where "
            "infractl.yaml says that there is no default one]",
        ),
    ] = None,
    format: Annotated[  # noqa: A002 - the option's name
        Format | None,
        typer.Option("--format", help="How to print the problems; sarif is for code scanning.  [default: text]"),
    ] = None,
    json: AsJson = False,
) -> None:
    """Check service documents.

    Shows every problem at once, with its place and a remedy. Reads no model and needs no provider.
    """
    from infractl.errors import InfractlError
    from infractl.spec.load import load_in_every_environment, load_project

    wanted = _wanted(format, json)
    try:
        loaded = load_in_every_environment(given(paths)) if env is None else load_project(given(paths), env)
    except InfractlError as error:
        if wanted is Format.text:
            raise
        _print(error.diagnostics, wanted)
        raise typer.Exit(error.exit_code) from None
    _print(loaded.diagnostics, wanted)
    if wanted is Format.text:
        sys.stdout.write(f"Valid: {_what(loaded, env)}.\n")


_MOST_NAMES = 10


def _what(loaded: LoadedProject, env: str | None) -> str:
    services = _counted("service", [s.name for s in loaded.services])
    if env is not None:
        return f"{services} in the environment {env}"
    others = [name for name in loaded.environments if name != DEFAULT_ENVIRONMENT]
    if not others:
        return services
    if not loaded.services:
        return _counted("environment", others)
    return f"{services} in {_counted('environment', loaded.environments)}"


def _counted(noun: str, names: Sequence[str]) -> str:
    shown = [*names[:_MOST_NAMES], f"and {len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else names
    return f"{len(names)} {noun}{'s' if len(names) != 1 else ''}" + (f" ({', '.join(shown)})" if names else "")


def _wanted(format: Format | None, json: bool) -> Format:  # noqa: A002
    if json and format not in (None, Format.json):
        raise typer.BadParameter(f"--json and --format {format} contradict each other")
    return Format.json if json else format or Format.text


def _print(diagnostics: Sequence[Diagnostic], wanted: Format) -> None:
    """Text, which is for people, goes to stderr."""
    match wanted:
        case Format.text:
            if diagnostics:
                from infractl.cli.terminal import style_of
                from infractl.report.diagnostic import render

                sys.stderr.write(render(diagnostics, color=style_of(sys.stderr).color))
        case Format.json:
            from infractl.report.diagnostic import as_json

            _write(as_json(diagnostics))
        case Format.sarif:
            from infractl import __version__
            from infractl.report.diagnostic_sarif import as_sarif

            _write(as_sarif(diagnostics, __version__))


def _write(document: object) -> None:
    import json

    sys.stdout.write(json.dumps(document, indent=2) + "\n")
