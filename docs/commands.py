"""Prints docs/reference/commands.md: what `infractl --help` and each command's `--help` say."""

from __future__ import annotations

import typer

from infractl.cli.app import application

WIDTH = 110

OPENING = """\
# Commands

Generated from the command line's own help by `make goldens`.

Data goes to stdout, all else (progress, questions, diagnostics) to stderr. A command that changes things asks first. Without a
terminal nothing is asked: it then needs `--auto-approve`. A saved plan was reviewed when it was saved: `infractl apply plan.json`
carries it out **without a question**, in a terminal too. `NO_COLOR` turns colours off. What each exit code means is told in
[exit-codes.md](exit-codes.md).
"""


def main() -> None:
    group = typer.main.get_command(application())
    print(OPENING)
    print_help("infractl", group)
    print_commands("infractl", group)


def print_commands(name: str, group: typer.core.TyperGroup) -> None:
    """Each command of a group, and the commands of those that are groups themselves."""
    for word, command in group.commands.items():
        print_help(f"{name} {word}", command)
        if isinstance(command, typer.core.TyperGroup):
            print_commands(f"{name} {word}", command)


def print_help(name: str, command: typer.core.TyperCommand | typer.core.TyperGroup) -> None:
    context = command.context_class(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
    print(f"## {name}\n\n```text\n{command.get_help(context).rstrip()}\n```\n")


if __name__ == "__main__":
    main()
