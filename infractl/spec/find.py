"""Which files to read: the project's root, and YAML files named or found in directories. What they hold is not read here."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from infractl.errors import Diagnostics
from infractl.spec.locate import absolute_path, exists, is_directory, is_file, shown
from infractl.spec.read import unreadable

PROJECT_FILE = "infractl.yaml"
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A YAML file that may declare services. One that the user named must; one found in a directory need not."""

    path: Path
    named: bool

    @property
    def shown(self) -> str:
        return shown(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`root` is the project's directory; `project` its infractl.yaml, if there is one."""

    root: Path
    project: Path | None
    candidates: tuple[Candidate, ...]


def find(paths: Sequence[Path], problems: Diagnostics) -> Found:
    """Every file to read, each once, in a stable order. What is missing or out of place is added to `problems`."""
    given = [p.parent if p.name == PROJECT_FILE and is_file(p) else p for p in paths] or [Path()]
    project = _project_above(given[0])
    by_place: dict[Path, Candidate] = {}
    for path in given:
        for candidate in _candidates(path, project, problems):
            place = candidate.path.resolve()
            if candidate.named or place not in by_place:
                by_place[place] = candidate
    candidates = sorted(by_place.values(), key=lambda c: c.shown)
    return Found(root=project.parent if project else _directory(given[0]), project=project, candidates=tuple(candidates))


def _candidates(path: Path, project: Path | None, problems: Diagnostics) -> Iterator[Candidate]:
    if not exists(path):
        problems.error(
            "file-missing",
            summary="there is no such file or directory",
            detail=f"{shown(path)} was named and is not there",
            at=shown(path),
            remedy="correct the path, or run `infractl init` to write a first service",
        )
    elif (other := _project_above(path)) != project:
        problems.error(
            "two-projects",
            summary="the paths belong to different projects",
            detail=f"this one belongs to {_name(other)}, the first one to {_name(project)}",
            at=shown(path),
            remedy="run the command once for each project",
        )
    elif is_directory(path):
        yield from _search(path, problems)
    else:
        yield Candidate(path=path, named=True)


def _search(directory: Path, problems: Diagnostics) -> Iterator[Candidate]:
    """YAML files below a directory, without hidden directories and without projects inside the project. Links are not entered."""

    def refused(error: OSError) -> None:
        problems.extend(unreadable(Path(error.filename), error.strerror or str(error)).diagnostics)

    for place, directories, files in os.walk(directory, onerror=refused):
        inside = Path(place)
        nested = [d for d in directories if is_file(inside / d / PROJECT_FILE)]
        for name in nested:
            problems.note(
                "nested-project",
                summary="a project inside this project is left out",
                detail=f"{shown(inside / name)} has its own {PROJECT_FILE}",
                at=shown(inside / name),
                remedy=f"run the command with {shown(inside / name)} to read it",
            )
        directories[:] = sorted(d for d in directories if not d.startswith(".") and d not in nested)
        for name in sorted(files):
            if name.endswith(_SUFFIXES) and name != PROJECT_FILE and is_file(inside / name):
                yield Candidate(path=inside / name, named=False)


def _project_above(path: Path) -> Path | None:
    """The nearest infractl.yaml in the path's directory or above it."""
    start = absolute_path(path)
    return next((d / PROJECT_FILE for d in (start, *start.parents) if is_file(d / PROJECT_FILE)), None)


def _directory(path: Path) -> Path:
    absolute = absolute_path(path)
    return absolute if is_directory(absolute) else absolute.parent


def _name(project: Path | None) -> str:
    return shown(project) if project else "none"
