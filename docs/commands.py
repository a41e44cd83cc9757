"""Prints docs/reference/commands.md: what `infractl --help` and each command's `--help` say."""

from __future__ import annotations

import typer

from infractl.cli.app import application

WIDTH = 110

OPENING = """\
# Commands

Generated from the command line's own help by `make goldens`.

Data goes to stdout, all else (progress, questions, diagnostics) to stderr. Without a terminal nothing is asked: a command that
changes things then needs `--auto-approve`. `NO_COLOR` turns colours off. What each exit code means is told in
[exit-codes.md](exit-codes.md).
"""


def main() -> None:
    group = typer.main.get_command(application())
    print(OPENING)
    print_help("infractl", group)
    for name, command in group.commands.items():
        print_help(f"infractl {name}", command)


def print_help(name: str, command: typer.core.TyperCommand | typer.core.TyperGroup) -> None:
    context = command.context_class(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
    print(f"## {name}\n\n```text\n{command.get_help(context).rstrip()}\n```\n")


if __name__ == "__main__":
    main()
