"""Each shell that is here completes infractl with the script that infractl prints; it runs the shell, as a user's Tab does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

needs = {
    shell: pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not here") for shell in ("bash", "zsh", "fish")
}

BASH = """
eval "$(infractl completion bash)"
complete -p infractl
COMP_WORDS=({words})
COMP_CWORD=$(({count} - 1))
_infractl_completion infractl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""

ZSH = """
autoload -Uz compinit && compinit -D -u
eval "$(infractl completion zsh)"
print -r -- $_comps[infractl]
_arguments() {{ print -r -- "$@" }}
_files() {{ print -r -- files }}
words=({words})
CURRENT={count}
_infractl_completion
"""

FISH = """
infractl completion fish | source
complete --do-complete "infractl {words}"
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The user's shell has infractl on its path; its home is empty."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "HOME": str(tmp_path), "ZDOTDIR": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}


def run(command: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.splitlines()


def bash(words: list[str], environment: dict[str, str], folder: Path) -> list[str]:
    script = BASH.format(words=" ".join(f"'{word}'" for word in words), count=len(words))
    registered, *replies = run(["bash", "--norc", "-c", script], environment, folder)
    assert registered == "complete -o default -F _infractl_completion infractl"
    return [reply for reply in replies if reply]


CASES = {
    "commands": (["infractl", "va"], {"validate"}),
    "commands of a command": (["infractl", "state", ""], {"list", "show", "history", "restore", "rm", "import", "unlock"}),
    "options": (["infractl", "plan", "--det"], {"--detailed-exitcode"}),
    "values of an argument": (["infractl", "completion", ""], {"bash", "zsh", "fish"}),
    "nothing, so that the shell offers files": (["infractl", "validate", ""], set()),
}


@needs["bash"]
@pytest.mark.parametrize(("words", "expected"), CASES.values(), ids=CASES)
def test_bash_completes(words: list[str], expected: set[str], environment: dict[str, str], tmp_path: Path) -> None:
    replies = bash(words, environment, tmp_path)

    assert set(replies) == expected


@needs["bash"]
def test_environments_of_the_project_are_offered_also_below_it_and_beside_broken_files(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "infractl.yaml").write_text("project: [")
    (tmp_path / "environments").mkdir()
    for name in ("staging", "stress", "production"):
        (tmp_path / "environments" / f"{name}.yaml").write_text("values: [")
    below = tmp_path / "services"
    below.mkdir()

    assert bash(["infractl", "plan", "--env", "st"], environment, below) == ["staging", "stress"]


@needs["bash"]
def test_no_environment_is_offered_outside_a_project(environment: dict[str, str], tmp_path: Path) -> None:
    assert bash(["infractl", "plan", "--env", ""], environment, tmp_path) == []


@needs["bash"]
def test_a_broken_project_does_not_break_completion(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "infractl.yaml").write_text("project: [")

    assert bash(["infractl", "st"], environment, tmp_path) == ["status", "state"]


@needs["zsh"]
def test_zsh_completes_with_help_beside_each_word(environment: dict[str, str], tmp_path: Path) -> None:
    script = ZSH.format(words="infractl va", count=2)

    assert run(["zsh", "-f", "-c", script], environment, tmp_path) == [
        "_infractl_completion",
        '*: :(("validate":"Check service documents."))',
    ]


@needs["fish"]
def test_fish_completes_with_help_beside_each_word(environment: dict[str, str], tmp_path: Path) -> None:
    lines = run(["fish", "--no-config", "-c", FISH.format(words="va")], environment, tmp_path)

    assert lines == ["validate\tCheck service documents."]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_printing_a_script_writes_no_file(shell: str, environment: dict[str, str], tmp_path: Path) -> None:
    lines = run([sys.executable, "-m", "infractl", "completion", shell], environment, tmp_path)

    assert any("_INFRACTL_COMPLETE" in line for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_no_option_edits_the_users_start_up_files(environment: dict[str, str], tmp_path: Path) -> None:
    help_text = "\n".join(run([sys.executable, "-m", "infractl", "--help"], environment, tmp_path))

    assert "completion" in help_text
    assert "--install-completion" not in help_text
