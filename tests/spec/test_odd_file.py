"""Files that are no ordinary ones, paths that lead out of the project or nowhere, and files that change while they are read."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infractl.errors import Severity, SpecError
from infractl.spec.load import load_project

HEAD = """\
apiVersion: infractl.dev/v1
kind: InferenceService
metadata: {name: x}
spec:
  model: {uri: model.onnx, version: v1}
"""

Limited = Callable[..., Any]
"""Runs the command line in a directory under limits, so that a file that blocks or never ends fails a test: see conftest."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    (path / "model.onnx").write_text("a model")
    (path / "x.yaml").write_text(HEAD)
    return path


def pipe(path: Path) -> None:
    os.mkfifo(path)


def own_socket(path: Path) -> None:
    """Bound by a short name: a socket's path has a hundred characters at most."""
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(before)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def terminal(path: Path) -> None:
    path.symlink_to("/dev/tty")


def loop(path: Path) -> None:
    path.symlink_to(path.name)


def long_loop(path: Path) -> None:
    path.symlink_to(f"{path.name}.2")
    path.with_name(f"{path.name}.2").symlink_to(path.name)


def dangling(path: Path) -> None:
    path.symlink_to("gone")


ODD: list[Callable[[Path], None]] = [pipe, own_socket, endless, terminal, loop, long_loop, dangling]


@pytest.mark.parametrize("make", [*ODD, Path.mkdir], ids=lambda make: make.__name__)
def test_an_infractl_yaml_that_is_no_file_is_an_error_and_never_the_defaults(
    make: Callable[[Path], None], project: Path, limited: Limited
) -> None:
    make(project / "infractl.yaml")

    for path in (".", "x.yaml", "infractl.yaml"):
        told = limited(project, "validate", path)
        assert (told.code, dict(told.errors)) == (1, {"file-unreadable": 1}), path


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_what_is_no_file_is_left_out_of_a_directory_with_a_warning(
    make: Callable[[Path], None], project: Path, limited: Limited
) -> None:
    make(project / "odd.yaml")

    told = limited(project, "validate", ".")

    assert (told.code, dict(told.errors), dict(told.others)) == (0, {}, {"file-left-out": 1})


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_what_is_no_file_cannot_be_named(make: Callable[[Path], None], project: Path, limited: Limited) -> None:
    make(project / "odd.yaml")

    told = limited(project, "validate", "odd.yaml")

    assert told.code == 1
    assert set(told.errors) in ({"file-unreadable"}, {"file-missing"})


@pytest.mark.parametrize("make", ODD, ids=lambda make: make.__name__)
def test_a_model_that_is_no_file_is_missing_or_outside(make: Callable[[Path], None], project: Path, limited: Limited) -> None:
    (project / "model.onnx").unlink()
    make(project / "model.onnx")

    told = limited(project, "validate", "x.yaml")

    assert told.code == 1
    assert set(told.errors) in ({"model-missing"}, {"model-outside-project"})


def test_devices_can_be_named_and_are_refused(project: Path, limited: Limited) -> None:
    for device in ("/dev/zero", "/dev/null", "/dev/stdin"):
        told = limited(project, "validate", device)
        assert (told.code, dict(told.errors)) == (1, {"file-unreadable": 1}), device


def test_links_between_directories_are_not_followed_round_and_round(project: Path, limited: Limited) -> None:
    (project / "infractl.yaml").write_text("project: p\n")
    (project / "inside").mkdir()
    (project / "inside" / "up").symlink_to("..")
    (project / "here").symlink_to(".")

    for path in (".", "here", "here/inside/up/here", "here/inside/up/x.yaml"):
        told = limited(project, "validate", path)
        assert (told.code, told.text) == (0, "Valid: 1 service (x).\n"), path


def test_a_directory_may_be_called_like_a_file(project: Path) -> None:
    (project / "more.yaml").mkdir()
    shutil.copy(project / "model.onnx", project / "more.yaml")
    (project / "more.yaml" / "y.yaml").write_text(HEAD.replace("name: x", "name: y"))

    assert [s.name for s in load_project([project]).services] == ["x", "y"]
    assert [s.name for s in load_project([project / "more.yaml"]).services] == ["y"]


@pytest.mark.parametrize("uri", ["../model.onnx", "inside/../../model.onnx", "/etc/model.onnx", "link.onnx", "root/model.onnx"])
def test_a_model_s_path_cannot_leave_the_project(uri: str, project: Path) -> None:
    shutil.copy(project / "model.onnx", project.parent)
    (project / "link.onnx").symlink_to(project.parent / "model.onnx")
    (project / "root").symlink_to(project.parent)
    (project / "x.yaml").write_text(HEAD.replace("model.onnx", uri))

    with pytest.raises(SpecError) as raised:
        load_project([project])

    assert [d.slug for d in raised.value.diagnostics] == ["model-outside-project"]


@pytest.mark.parametrize("uri", ['"a\\0b.onnx"', "a" * 1900 + ".onnx", "a/" * 900 + "b.onnx", '"\\uD7FF.onnx"', '"a\\nb.onnx"'])
def test_a_model_s_path_that_cannot_be_one_is_missing(uri: str, project: Path) -> None:
    (project / "x.yaml").write_text(HEAD.replace("model.onnx", uri))

    with pytest.raises(SpecError) as raised:
        load_project([project])

    assert [d.slug for d in raised.value.diagnostics] == ["model-missing"]


@pytest.mark.parametrize("path", ["a" * 3000, "a\nb", "\x1b[31m", "\udcff", "\u202e"], ids=ascii)
def test_a_path_that_cannot_be_one_is_told_in_what_can_be_printed(path: str, project: Path, limited: Limited) -> None:
    told = limited(project, "validate", path)

    assert (told.code, dict(told.errors)) == (1, {"file-missing": 1})
    assert told.text.replace("\n", "").isprintable()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["x.yaml", "infractl.yaml", "inside"])
def test_what_may_not_be_read_is_told(name: str, project: Path) -> None:
    (project / "infractl.yaml").write_text("project: p\n")
    (project / "inside").mkdir()
    (project / name).chmod(0)

    with pytest.raises(SpecError) as raised:
        load_project([project])

    assert "file-unreadable" in [d.slug for d in raised.value.diagnostics]


def test_a_file_that_grows_shrinks_and_vanishes_while_it_is_read_is_loaded_or_explained(project: Path) -> None:
    done = threading.Event()

    def change() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            match turn % 4:
                case 0:
                    (project / "x.yaml").write_text(HEAD + "# more\n" * 50_000)
                case 1:
                    (project / "x.yaml").write_text(HEAD[:60])
                case 2:
                    (project / "x.yaml").unlink()
                case _:
                    (project / "x.yaml").write_text(HEAD)

    writer = threading.Thread(target=change)
    writer.start()
    try:
        for _ in range(200):
            try:
                problems = load_project([project / "x.yaml"]).diagnostics
            except SpecError as error:
                problems = error.diagnostics
                assert any(d.severity is Severity.error for d in problems)
            assert all(d.at for d in problems)
    finally:
        done.set()
        writer.join()
