"""`infractl profile`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infractl.cli.parameter import AsJson

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infractl.domain.language_profile import LanguageProfile
    from infractl.domain.profile import ModelProfile


class Table(StrEnum):
    layer = "layer"
    operator = "operator"


def profile(
    model: Annotated[
        Path,
        typer.Argument(help="An ONNX file, or a directory with a Hugging Face config.json.", show_default=False),
    ],
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="SIZES", help="Fill dimensions in, such as batch=8,sequence=128.", show_default=False),
    ] = None,
    by: Annotated[Table | None, typer.Option("--by", help="Only one of the tables.  [default: both]", show_default=False)] = None,
    json: AsJson = False,
) -> None:
    """Show what a model takes, gives and costs.

    Parameters, operations and bytes, by layer and by operator, as functions of the model's named dimensions; of a language
    model the cache, and what a prompt and a token cost. Nothing is run, and no project is needed.
    """
    from infractl.workflows.profile import dimensions_of, sizes
    from infractl.workflows.profile import profile as run

    known = run(model)
    asked = sizes(at, dimensions_of(known))
    sys.stdout.write(_json(known, asked) if json else _text(known, str(model), asked, by))


def _json(known: ModelProfile | LanguageProfile, at: Mapping[str, int]) -> str:
    import json

    from infractl.domain.profile import ModelProfile
    from infractl.report.profile_json import language_json, profile_json

    document = profile_json(known, at) if isinstance(known, ModelProfile) else language_json(known, at)
    return json.dumps(document, indent=2) + "\n"


def _text(known: ModelProfile | LanguageProfile, name: str, at: Mapping[str, int], by: Table | None) -> str:
    from infractl.cli.terminal import style_of
    from infractl.domain.profile import ModelProfile
    from infractl.report.language_text import language_text
    from infractl.report.profile_text import By, profile_text

    style = style_of(sys.stdout)
    if isinstance(known, ModelProfile):
        return profile_text(known, name, at, By(by) if by else None, style)
    if by is not None:
        raise typer.BadParameter(f"--by {by} is for ONNX files: a config.json tells of no operators")
    return language_text(known, name, at, style)
