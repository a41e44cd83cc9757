"""`infractl fmt`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infractl.cli.parameter import given

if TYPE_CHECKING:
    from infractl.workflows.fmt import Layout

STDIN = Path("-")


def fmt(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Files or directories; - reads stdin and writes stdout. [default: the current directory]", show_default=False
        ),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Change nothing, list what would; exit 1 if anything would.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Change nothing, print what would change.")] = False,
) -> None:
    """Bring YAML files into the canonical layout.

    Only white space changes: comments, quotes, anchors and the order of keys stay. Prints the files that were changed.
    """
    from infractl.cli.terminal import style_of
    from infractl.report.diagnostic import render
    from infractl.workflows.fmt import lay_out, rewrite

    if STDIN in given(paths):
        _fmt_stdin(given(paths), check, diff)
        return
    layouts = lay_out(given(paths))
    if not (check or diff):
        layouts = rewrite(layouts)
    if layouts.problems:
        sys.stderr.write(render(layouts.problems, color=style_of(sys.stderr).color))
    for layout in layouts.changed.values():
        sys.stdout.write(_told(layout, listed=check or not diff, diff=diff))
    if layouts.failed or (check and layouts.changed):
        raise typer.Exit(1)


def _fmt_stdin(paths: list[Path], check: bool, diff: bool) -> None:
    from infractl.errors import UsageError
    from infractl.spec.yaml.text import MOST_BYTES
    from infractl.workflows.fmt import lay_out_text

    if len(paths) > 1:
        raise UsageError.of(
            "stdin-alone",
            summary="stdin cannot be formatted together with files",
            detail="the result of - goes to stdout, files are changed in place",
            remedy="run the command once for - and once for the files",
        )
    layout = lay_out_text(sys.stdin.buffer.read(MOST_BYTES + 1), "stdin")
    if check or diff:
        sys.stdout.write(_told(layout, listed=check, diff=diff) if layout.changed else "")
        raise typer.Exit(1 if check and layout.changed else 0)
    sys.stdout.buffer.write(layout.after.encode())


def _told(layout: Layout, *, listed: bool, diff: bool) -> str:
    from infractl.report.unified_diff import unified_diff

    name = f"{layout.file}\n" if listed else ""
    return name + (unified_diff(layout.file, layout.before, layout.after) if diff else "")
