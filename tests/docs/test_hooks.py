"""The hooks for pre-commit: those of this repository, those for users' repositories, and what the guide shows of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
OURS = ROOT / ".pre-commit-config.yaml"
OFFERED = ROOT / ".pre-commit-hooks.yaml"
GUIDE = ROOT / "docs" / "guides" / "ci.md"

GIT = ["git", "-c", "user.name=nobody", "-c", "user.email=nobody@localhost", "-c", "init.defaultBranch=main"]


def pre_commit(*words: str, folder: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PRE_COMMIT_HOME": str(cache)}
    command = [sys.executable, "-m", "pre_commit", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120)


def shown_in_guide() -> list[Any]:
    """The YAML blocks of the guide that are a configuration of pre-commit."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    return [found for found in map(yaml.safe_load, blocks) if "repos" in found]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A user's repository with the quickstart's service and a workflow of another tool, everything added.

    Its hooks are those that infractl offers, run with the infractl that is installed here instead of one installed for them.
    """
    folder = tmp_path / "repository"
    folder.mkdir()
    for name in ("infractl.yaml", "digits.yaml", "digits-1.onnx"):
        shutil.copy(ROOT / "examples" / "quickstart" / name, folder)
    (folder / "workflow.yml").write_text("on:   [push]\njobs: {}\n")
    hooks = [{**hook, "language": "system"} for hook in yaml.safe_load(OFFERED.read_text())]
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    subprocess.run([*GIT, "init", "--quiet"], cwd=folder, check=True)
    add(folder)
    return folder


def add(folder: Path) -> None:
    subprocess.run([*GIT, "add", "--all"], cwd=folder, check=True)


def test_the_configuration_and_the_offered_hooks_are_valid(tmp_path: Path) -> None:
    for command, file in (("validate-config", OURS), ("validate-manifest", OFFERED)):
        done = pre_commit(command, str(file), folder=tmp_path, cache=tmp_path / "cache")

        assert done.returncode == 0, done.stdout + done.stderr


def test_our_own_hooks_fetch_nothing_and_run_from_the_virtual_environment() -> None:
    for repository in yaml.safe_load(OURS.read_text())["repos"]:
        assert repository["repo"] == "local"
        for hook in repository["hooks"]:
            assert hook["language"] == "system"
            assert hook["entry"].startswith(".venv/bin/")


def test_the_guide_shows_valid_configurations_with_hooks_that_exist(tmp_path: Path) -> None:
    offered = {hook["id"] for hook in yaml.safe_load(OFFERED.read_text())}
    configurations = shown_in_guide()

    assert len(configurations) == 2
    for number, configuration in enumerate(configurations):
        file = tmp_path / f"{number}.yaml"
        file.write_text(yaml.safe_dump(configuration))
        done = pre_commit("validate-config", str(file), folder=tmp_path, cache=tmp_path / "cache")
        assert done.returncode == 0, done.stdout + done.stderr
        assert {hook["id"] for repository in configuration["repos"] for hook in repository["hooks"]} <= offered


def test_good_documents_are_committed(repository: Path, tmp_path: Path) -> None:
    done = pre_commit("run", "--all-files", folder=repository, cache=tmp_path / "cache")

    assert done.returncode == 0, done.stdout
    assert "Skipped" not in done.stdout


def test_a_wrong_document_is_not_committed_and_the_reason_is_shown(repository: Path, tmp_path: Path) -> None:
    service = repository / "digits.yaml"
    service.write_text(service.read_text().replace("p99: 25ms", "p99: 25"))
    add(repository)

    done = pre_commit("run", "infractl-validate", folder=repository, cache=tmp_path / "cache")

    assert done.returncode == 1
    assert "digits.yaml:15:12" in done.stdout


def test_a_wrong_document_is_found_when_another_one_is_committed(repository: Path, tmp_path: Path) -> None:
    service = repository / "digits.yaml"
    service.write_text(service.read_text().replace("p99: 25ms", "p99: 25"))
    subprocess.run([*GIT, "commit", "--quiet", "--message=all"], cwd=repository, check=True)

    done = pre_commit("run", "infractl-validate", "--files", "infractl.yaml", folder=repository, cache=tmp_path / "cache")

    assert done.returncode == 1


def test_a_document_that_is_laid_out_badly_is_mended_and_other_yaml_is_left_alone(repository: Path, tmp_path: Path) -> None:
    service, workflow = repository / "digits.yaml", repository / "workflow.yml"
    good, other = service.read_text(), workflow.read_text()
    service.write_text(good.replace("  name: digits", "  name:    digits"))
    add(repository)

    done = pre_commit("run", "infractl-fmt", "--all-files", folder=repository, cache=tmp_path / "cache")

    assert done.returncode == 1
    assert "files were modified by this hook" in done.stdout
    assert (service.read_text(), workflow.read_text()) == (good, other)
