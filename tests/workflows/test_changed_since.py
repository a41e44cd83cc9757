"""What git says of a working tree, asked of real repositories."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from infractl.errors import UsageError
from infractl.workflows.changed_since import changed_since

SERVICE = "apiVersion: infractl.dev/v1\nkind: InferenceService\nmetadata: {name: fraud}\n"


class Repository:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *words: str) -> None:
        author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *author, *words], cwd=self.path, check=True, capture_output=True)

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            (self.path / f"{name}.yaml").write_text(text)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path)
    made.write(fraud=SERVICE, risk=SERVICE, old=SERVICE)
    made.commit()
    return made


def names(repository: Repository, ref: str = "main") -> set[str]:
    return {str(path.relative_to(repository.path.resolve())) for path in changed_since(repository.path, ref).paths}


def test_committed_staged_changed_new_and_deleted_files_all_count(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.write(committed=SERVICE)
    repository.commit()
    repository.write(staged=SERVICE)
    repository.git("add", "staged.yaml")
    repository.write(new=SERVICE, fraud=SERVICE + "spec: {}\n")
    (repository.path / "old.yaml").unlink()

    assert names(repository) == {"committed.yaml", "staged.yaml", "new.yaml", "fraud.yaml", "old.yaml"}


def test_what_others_did_since_the_branch_was_made_is_not_its_change(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "-b", "mine")
    repository.git("checkout", "--quiet", "main")
    repository.write(risk=SERVICE + "spec: {}\n")
    repository.commit()
    repository.git("checkout", "--quiet", "mine")
    repository.write(fraud=SERVICE + "spec: {}\n")

    assert names(repository) == {"fraud.yaml"}


def test_the_texts_before_the_change_come_with_it(repository: Repository) -> None:
    repository.write(fraud="# other\n", new="# new\n", risk="")
    (repository.path / "old.yaml").unlink()

    before = changed_since(repository.path, "HEAD").before

    assert {path.name: text for path, text in before.items()} == dict.fromkeys(
        ("fraud.yaml", "old.yaml", "risk.yaml"), SERVICE.encode()
    )


def test_a_file_with_an_odd_name_is_named_right(repository: Repository) -> None:
    odd = "-a b\n'ü\".yaml"
    (repository.path / odd).write_text(SERVICE)
    repository.commit()
    (repository.path / odd).write_text("")

    assert names(repository, "HEAD") == {odd}
    assert list(changed_since(repository.path, "HEAD").before.values()) == [SERVICE.encode()]


def test_a_project_below_the_repository_s_root_sees_what_lies_beside_it(repository: Repository) -> None:
    (repository.path / "shop").mkdir()
    repository.write(fraud="")

    paths = changed_since(repository.path / "shop", "HEAD").paths

    assert paths == {repository.path.resolve() / "fraud.yaml"}


@pytest.mark.parametrize("ref", ["mian", "", "--output=stolen", "-x", "HEAD:fraud.yaml", "$(touch stolen)", "HEAD; touch stolen"])
def test_what_is_no_revision_is_refused_and_nothing_is_run(repository: Repository, ref: str) -> None:
    with pytest.raises(UsageError) as raised:
        changed_since(repository.path, ref)

    assert raised.value.diagnostics[0].slug == "git-revision"
    assert not (repository.path / "stolen").exists()


def test_no_program_that_the_repository_names_is_started(repository: Repository) -> None:
    program = repository.path.parent / f"{repository.path.name}-program"
    program.write_text(f"#!/bin/sh\ntouch {repository.path}/stolen\n")
    program.chmod(0o755)
    for setting in ("core.fsmonitor", "diff.external", "core.pager", "diff.yaml.textconv"):
        repository.git("config", setting, str(program))
    (repository.path / ".git" / "info" / "attributes").write_text("*.yaml diff=yaml\n")
    repository.write(fraud="")

    assert names(repository, "HEAD") == {"fraud.yaml"}
    assert not (repository.path / "stolen").exists()


def test_a_directory_outside_any_repository_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    with pytest.raises(UsageError) as raised:
        changed_since(tmp_path, "main")

    assert raised.value.diagnostics[0].slug == "git-repository"


def test_without_git_the_remedy_names_another_way(
    repository: Repository, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.fspath(tmp_path_factory.mktemp("empty")))

    with pytest.raises(UsageError) as raised:
        changed_since(repository.path, "main")

    (problem,) = raised.value.diagnostics
    assert problem.slug == "git-missing" and "--service" in problem.remedy


def test_what_git_says_against_it_is_passed_on(repository: Repository) -> None:
    """A damaged index is the shortest way to a git that knows the revision and cannot compare."""
    (repository.path / ".git" / "index").write_bytes(b"damaged")

    with pytest.raises(UsageError) as raised:
        changed_since(repository.path, "HEAD")

    (problem,) = raised.value.diagnostics
    assert problem.slug == "git-failed" and "index" in problem.detail


def test_histories_that_never_met_have_nothing_to_compare(repository: Repository) -> None:
    repository.git("checkout", "--quiet", "--orphan", "alone")
    repository.write(new=SERVICE)
    repository.commit()

    with pytest.raises(UsageError) as raised:
        changed_since(repository.path, "main")

    assert raised.value.diagnostics[0].slug == "git-history"
