"""`infractl offers`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from infractl.cli.json_text import json_text
from infractl.cli.parameter import Env, Paths, given
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.offer import Purchase


class Format(StrEnum):
    text = "text"
    json = "json"


def offers(
    paths: Paths = None,
    env: Env = None,
    target: Annotated[
        list[str] | None,
        typer.Option("--target", metavar="NAME", help="Only at this target. May be given several times.", show_default=False),
    ] = None,
    hardware_class: Annotated[
        list[HardwareClass] | None, typer.Option("--class", help="Only of this hardware class.", show_default=False)
    ] = None,
    chip: Annotated[
        list[str] | None,
        typer.Option("--chip", metavar="NAME", help="Only with this chip: L4, or A100 for all of its sizes.", show_default=False),
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option("--region", metavar="NAME", help="Only in this region.", show_default=False)
    ] = None,
    purchase: Annotated[
        list[Purchase] | None, typer.Option("--purchase", help="Only what is bought so.", show_default=False)
    ] = None,
    format: Annotated[Format, typer.Option("--format", help="How to print them.")] = Format.text,  # noqa: A002 - the option's name
) -> None:
    """Show what the project's targets offer, at which price.

    The cheapest of each target comes first. Each price has its source and its date; one that is not known says so, and why.
    """
    from infractl.cli.opening import opened_project
    from infractl.cli.terminal import style_of
    from infractl.report.offer_text import offer_text
    from infractl.workflows.offers import Wanted
    from infractl.workflows.offers import offers as run

    wanted = Wanted(
        targets=target or (), classes=hardware_class or (), chips=chip or (), regions=region or (), purchases=purchase or ()
    )
    found = run(opened_project(given(paths), env), wanted)
    if format is Format.json:
        sys.stdout.write(json_text(list(found)))
    else:
        sys.stdout.write(offer_text(found, style_of(sys.stdout)))
