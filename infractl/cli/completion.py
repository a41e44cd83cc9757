"""`infractl completion`, and the answers to the shells that it teaches. What completes is read off the commands themselves."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer
from typer._completion_classes import completion_init
from typer._completion_shared import get_completion_script


class Shell(StrEnum):
    bash = "bash"
    zsh = "zsh"
    fish = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="Your shell.", show_default=False)]) -> None:
    """Print the script that makes a shell complete infractl's commands, options and values.

    It changes no file. To have it in every new shell:

    \b
      bash  echo 'eval "$(infractl completion bash)"' >> ~/.bashrc
      zsh   echo 'eval "$(infractl completion zsh)"' >> ~/.zshrc    (below compinit)
      fish  infractl completion fish > ~/.config/fish/completions/infractl.fish
    """
    sys.stdout.write(get_completion_script(prog_name="infractl", complete_var="_INFRACTL_COMPLETE", shell=shell.value) + "\n")


def answer_shells() -> None:
    """Let the commands answer the script's questions.

    Typer does this together with an option that edits the user's start-up files, which infractl leaves to the user.
    """
    completion_init()
