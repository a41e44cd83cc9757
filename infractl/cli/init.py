"""`infractl init`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def init(
    model: Annotated[Path, typer.Argument(help="A model's file, or a directory with a config.json.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="The directory to write into.")] = Path(),
) -> None:
    """Write a commented starter for a model.

    It is a service document and, if there is none, an infractl.yaml. Nothing is written over.
    """
    from infractl.workflows.init import init as run

    starter = run(model, out)
    for file in starter.files:
        sys.stdout.write(f"wrote {file}\n")
    then = "plan" if starter.served else "validate"
    sys.stdout.write(f"Next: set the SLO and the traffic in {starter.document}, then infractl {then} {out}\n")
