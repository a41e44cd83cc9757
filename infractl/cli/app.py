"""The commands, registered. Each module here is imported at once; what a command works with only when it runs."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from infractl import __version__
from infractl.cli import apply, completion, destroy, fmt, init, invoke, plan, show, state, status, validate

UsageProblem = cast("type[typer.BadParameter]", typer.BadParameter.__mro__[1])
"""What the parser raises for words it does not understand: the base of what typer shows in public."""

app = typer.Typer(
    name="infractl",
    help="Declare a machine-learning inference service; plan, apply and keep the cheapest placement that meets its SLOs.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Exit codes: 0 done, 1 error, 2 changes, 3 lock held, 4 stale plan, 5 partly applied, 6 refused, 130 interrupted.",
)
for command in (init.init, validate.validate, plan.plan, apply.apply, status.status, invoke.invoke, destroy.destroy, show.show):
    app.command()(command)
app.command()(fmt.fmt)
app.command()(completion.completion)
completion.answer_shells()
app.add_typer(state.state, name="state")


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    if version:
        typer.echo(f"infractl {__version__}")
        raise typer.Exit
