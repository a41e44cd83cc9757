"""Which files are read, each once, and how their paths are shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infractl.errors import Diagnostics
from infractl.spec.find import find, neighbours, shown


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as the current directory: services/fraud.yaml, and `link`, which leads to services."""
    (tmp_path / "infractl.yaml").write_text("project: shop\n")
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "fraud.yaml").write_text("a: 1\n")
    (tmp_path / "link").symlink_to("services")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(*paths: str) -> list[str]:
    problems = Diagnostics()
    found = find([Path(p) for p in paths], problems)
    assert not list(problems)
    return [c.shown for c in found.candidates]


@pytest.mark.parametrize(
    "paths",
    [
        ("services", "link"),
        ("services/fraud.yaml", "link/fraud.yaml"),
        (".", "services/../services/fraud.yaml"),
        ("services", "services/again.yaml"),
    ],
)
def test_a_file_reached_by_two_ways_is_found_once(paths: tuple[str, ...], project: Path) -> None:
    (project / "services" / "again.yaml").symlink_to("fraud.yaml")

    assert len(files(*paths)) == 1


def test_two_files_of_one_name_are_two(project: Path) -> None:
    (project / "fraud.yaml").write_text("a: 1\n")

    assert files(".") == ["fraud.yaml", "services/fraud.yaml"]


def test_a_link_into_a_directory_is_not_entered_from_above_and_is_when_it_is_named(project: Path) -> None:
    assert files(".") == ["services/fraud.yaml"]
    assert files("link") == ["link/fraud.yaml"]


@pytest.mark.parametrize(
    ("path", "here", "text"),
    [
        ("services/fraud.yaml", ".", "services/fraud.yaml"),
        ("./services//fraud.yaml", ".", "services/fraud.yaml"),
        ("../services/fraud.yaml", "services", "fraud.yaml"),
        ("../infractl.yaml", "services", "../infractl.yaml"),
        ("../services-2/a.yaml", "services", "../services-2/a.yaml"),
        (".", ".", "."),
        ("..", "services", ".."),
    ],
)
def test_a_path_is_shown_as_it_would_be_typed(
    path: str, here: str, text: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project / here)

    assert shown(Path(path)) == text
    assert shown(Path(os.path.abspath(path))) == text or text.startswith("..")  # noqa: PTH100


def test_a_model_s_neighbours_are_the_files_that_may_be_models(project: Path) -> None:
    (project / "b.onnx").write_text("b")
    (project / "a.onnx").symlink_to("b.onnx")
    (project / "gone.onnx").symlink_to("nowhere")

    assert neighbours(project / "model.onnx") == ("a.onnx", "b.onnx")
    assert neighbours(project / "absent" / "model.onnx") == ()


def test_in_a_crowd_no_file_is_taken_for_a_misspelt_one(project: Path) -> None:
    """Thousands of services with thousands of files beside them would each be compared with all of those."""
    for number in range(201):
        (project / f"{number}.onnx").touch()

    assert neighbours(project / "model.onnx") == ()
