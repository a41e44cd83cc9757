"""Arguments and options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files or directories with service documents. [default: the current directory]", show_default=False),
]
AutoApprove = Annotated[bool, typer.Option("--auto-approve", help="Do not ask before changing anything.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def declared_environments(incomplete: str) -> list[str]:
    """What a shell offers after `--env`: the environments of this directory's project that begin so."""
    from infractl.spec.find import environment_names, project_above

    project = project_above(Path())
    return [name for name in environment_names(project.parent) if name.startswith(incomplete)] if project else []


Env = Annotated[
    str | None,
    typer.Option(
        "--env",
        metavar="NAME",
        help="The environment that environments/NAME.yaml declares. [default: default, if there is one]",
        autocompletion=declared_environments,
    ),
]


def given(paths: list[Path] | None) -> list[Path]:
    return paths or [Path()]
