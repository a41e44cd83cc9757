"""The commands, registered. A command's module is imported when it is asked for; what it works with, when it runs."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated, Any, cast

import typer
from typer.core import TyperGroup

from infractl import __version__
from infractl.cli.failure import interrupted

UsageProblem = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])
"""What the parser raises for words it does not understand: the base of what typer shows in public."""

COMMANDS = (
    "init",
    "validate",
    "profile",
    "optimize",
    "calibrate",
    "offers",
    "prices",
    "estimate",
    "explain",
    "plan",
    "apply",
    "status",
    "drift",
    "invoke",
    "bench",
    "rollback",
    "destroy",
    "show",
    "fmt",
    "schema",
    "completion",
    "state",
    "artifacts",
)
"""In the order of the help. Each has a module of its name in this room, and in that a function or a group of its name."""


class Commands(TyperGroup):
    """Says that a command was interrupted, which typer would only put into the exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise interrupted() from None
        except ImportError as error:
            # A library in C++ says that it could not be loaded where Ctrl-C met it as it was.
            if isinstance(error.__cause__, KeyboardInterrupt):
                raise interrupted() from None
            raise


def application(first: str = "") -> typer.Typer:
    """The command line: the one command that the first word names, or else all, for help, mistakes and shells that complete."""
    app = typer.Typer(
        name="infractl",
        cls=Commands,
        help="Declare a machine-learning inference service; plan, apply and keep the cheapest placement that meets its SLOs.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        epilog="Exit codes: 0 done, 1 error, 2 changes, 3 lock held, 4 stale plan, 5 partly applied, 6 refused, 130 interrupted.",
        callback=options,
    )
    for name in (first,) if first in COMMANDS else COMMANDS:
        command = getattr(import_module(f"infractl.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command(name)(command)
    if first not in COMMANDS:
        from infractl.cli.completion import answer_shells

        answer_shells()
    return app


def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    if version:
        typer.echo(f"infractl {__version__}")
        raise typer.Exit
