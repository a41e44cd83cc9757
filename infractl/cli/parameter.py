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


def given(paths: list[Path] | None) -> list[Path]:
    return paths or [Path()]
