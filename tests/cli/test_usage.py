"""A command line in the words of other tools is told what to write here."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("option", ["-e", "--environment"])
def test_an_environment_is_chosen_with_env(option: str, folder: Any) -> None:
    done = folder.run("validate", option, "production", code=1)

    assert f"No such option: {option}" in done.stderr
    assert "= choose an environment with --env NAME\n" in done.stderr


def test_an_option_that_no_tool_has_is_looked_up_in_the_help(folder: Any) -> None:
    assert "infractl COMMAND --help its options" in folder.run("validate", "--frobnicate", code=1).stderr


def test_the_beginning_of_an_environment_s_name_tells_which_is_meant(folder: Any) -> None:
    (folder.path / "infractl.yaml").write_text("project: shop\n")
    home = folder.path / "environments"
    home.mkdir()
    for name in ("production", "staging"):
        (home / f"{name}.yaml").write_text(f"apiVersion: infractl.dev/v1\nkind: Environment\nmetadata: {{name: {name}}}\n")

    assert "= did you mean production?\n" in folder.run("validate", "--env", "prod", code=1).stderr
