"""A file is replaced as a whole, durably, and leaves nothing behind when it is not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infractl.errors import StateError
from infractl.state.file import make_directory, replace_file, replacement


def test_the_content_is_on_the_disk_before_it_takes_its_place_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = []
    fsync, replace = os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (operations.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(Path, "replace", lambda path, to: (operations.append("rename"), replace(path, to)))

    replace_file(tmp_path / "state.json", b"new")

    assert operations == ["fsync", "rename", "fsync"]
    assert (tmp_path / "state.json").read_bytes() == b"new"


def test_a_writer_that_fails_leaves_the_old_content_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    replace_file(path, b"old")

    with pytest.raises(RuntimeError), replacement(path) as file:
        file.write(b"half")
        raise RuntimeError("the writer fails")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_cannot_be_replaced_is_an_error_that_names_it(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.mkdir()

    with pytest.raises(StateError) as caught:
        replace_file(path, b"new")

    assert caught.value.diagnostics[0].slug == "state-write-failed"
    assert caught.value.diagnostics[0].at == str(path)
    assert list(tmp_path.iterdir()) == [path]


def test_directories_are_made_with_all_above_them(tmp_path: Path) -> None:
    make_directory(tmp_path / "a" / "b" / "c")
    make_directory(tmp_path / "a" / "b" / "c")

    assert (tmp_path / "a" / "b" / "c").is_dir()


def test_what_is_kept_in_a_project_is_hidden_from_git(tmp_path: Path) -> None:
    make_directory(tmp_path / ".infractl" / "state" / "shop")

    ignored = (tmp_path / ".infractl" / ".gitignore").read_text()
    assert ignored.splitlines()[-1] == "*"
    assert [p.name for p in tmp_path.rglob(".gitignore")] == [".gitignore"]


def test_a_gitignore_that_somebody_wrote_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".infractl").mkdir()
    (tmp_path / ".infractl" / ".gitignore").write_text("run/\n")

    make_directory(tmp_path / ".infractl" / "state")

    assert (tmp_path / ".infractl" / ".gitignore").read_text() == "run/\n"


def test_stores_elsewhere_are_the_user_s_to_commit(tmp_path: Path) -> None:
    make_directory(tmp_path / "kept" / "state")

    assert not list(tmp_path.rglob(".gitignore"))
