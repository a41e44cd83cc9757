"""Which files to read, and their bytes: the project's root, YAML files named or found in directories, paths as users write them.

What the bytes mean is not here.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from infractl.domain.project_file import PRICE_LOCK
from infractl.errors import Diagnostics, SpecError
from infractl.spec.yaml.text import MOST_BYTES

PROJECT_FILE = "infractl.yaml"
ENVIRONMENTS = "environments"
"""The directory beside it in which each environment but the default one has a file."""
_SUFFIXES = (".yaml", ".yml")

_MOST_NEIGHBOURS, _MOST_ENTRIES = 200, 1000

_SORTS = {stat.S_ISDIR: "a directory", stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket"}

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
"""How a uri starts that is no path: `s3://`."""


class Candidate(NamedTuple):
    """A YAML file that may declare services. One that the user named must; one found in a directory need not.

    `at_home`: it lies where environments do, and may be one.
    """

    path: Path
    named: bool
    at_home: bool = False

    @property
    def shown(self) -> str:
        return shown(self.path)


class Found(NamedTuple):
    """`root` is the project's directory; `project` its infractl.yaml, if there is one."""

    root: Path
    project: Path | None
    candidates: tuple[Candidate, ...]


def covers(paths: Sequence[Path], root: Path) -> bool:
    """Whether one of the paths is the project's whole directory, by whatever link it is reached."""
    return any(exists(path) and path.resolve() == root.resolve() for path in paths)


def find(paths: Sequence[Path], problems: Diagnostics) -> Found:
    """Every file to read, each once, in a stable order. What is missing or out of place is added to `problems`."""
    given = [p.parent if p.name == PROJECT_FILE and _present(p) else p for p in paths] or [Path()]
    project = project_above(given[0])
    by_place: dict[Path, Candidate] = {}
    followed = cache(Path.resolve)
    for path in given:
        for candidate in _candidates(path, project, problems):
            # Each directory's links are followed once, however many thousand files are in it.
            link = candidate.path.is_symlink()
            place = candidate.path.resolve() if link else followed(candidate.path.parent) / candidate.path.name
            if candidate.named or place not in by_place:
                by_place[place] = candidate
    root = project.parent if project else _directory(given[0])
    home = cache(lambda directory: absolute_path(directory) == root / ENVIRONMENTS)
    candidates = [c._replace(at_home=home(c.path.parent) and c.path.suffix == _SUFFIXES[0]) for c in by_place.values()]
    return Found(root=root, project=project, candidates=tuple(sorted(candidates, key=lambda c: c.shown)))


def environment_names(root: Path) -> tuple[str, ...]:
    """The environments that have a file, by its name."""
    home = root / ENVIRONMENTS
    try:
        names = sorted(os.listdir(home))  # noqa: PTH208 - names are wanted
    except OSError:
        return ()
    files = [name for name in names if name.endswith(_SUFFIXES[0]) and not name.startswith(".") and exists(home / name)]
    return tuple(name.removesuffix(_SUFFIXES[0]) for name in files)


def environment_file(root: Path, name: str) -> Candidate:
    """Where the file of an environment is, or would be. It must declare that."""
    return Candidate(path=root / ENVIRONMENTS / f"{name}{_SUFFIXES[0]}", named=True, at_home=True)


def unknown_environment(root: Path, name: str, known: Sequence[str]) -> SpecError:
    from infractl.spec.telling.suggest import did_you_mean, written

    new = f"write {ENVIRONMENTS}/NAME.yaml for a new one"
    return SpecError.of(
        "unknown-environment",
        summary="there is no such environment",
        detail=f"{written(name)} is not among: {', '.join(known) or 'none'}",
        at=f"{shown(root / ENVIRONMENTS)}{os.sep}",
        remedy=did_you_mean(name, known, f"{new}, or use one of" if known else new),
    )


def _candidates(path: Path, project: Path | None, problems: Diagnostics) -> Iterator[Candidate]:
    if not exists(path):
        problems.error(
            "file-missing",
            summary="there is no such file or directory",
            detail=f"{shown(path)} was named and is not there",
            at=shown(path),
            remedy="correct the path, or run `infractl init` to write a first service",
        )
    elif (other := project_above(path)) != project:
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
    """YAML files below a directory, without what is hidden and without projects inside the project. Links are not entered."""

    def refused(error: OSError) -> None:
        problems.extend(unreadable(Path(error.filename), error.strerror or str(error)).diagnostics)

    for place, directories, files in os.walk(directory, onerror=refused):
        inside = Path(place)
        nested = [d for d in directories if _present(inside / d / PROJECT_FILE) and not (inside / d).is_symlink()]
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
            if name.endswith(_SUFFIXES) and name not in (PROJECT_FILE, PRICE_LOCK) and not name.startswith("."):
                if is_file(inside / name):
                    yield Candidate(path=inside / name, named=False)
                else:
                    _left_out(inside / name, problems)


def _left_out(path: Path, problems: Diagnostics) -> None:
    """A link to a service may have lost its end: what is recorded of that one would be taken for undeclared in silence."""
    problems.warning(
        "file-left-out",
        summary="a YAML file cannot be read and is left out",
        detail=_sort(path),
        at=shown(path),
        remedy="correct the link, or give what is no YAML file another name",
    )


def project_above(path: Path) -> Path | None:
    """The nearest infractl.yaml in the path's directory or above it, be it one that cannot be read."""
    start = absolute_path(path)
    return next((d / PROJECT_FILE for d in (start, *start.parents) if _present(d / PROJECT_FILE)), None)


def _directory(path: Path) -> Path:
    absolute = absolute_path(path)
    return absolute if is_directory(absolute) else absolute.parent


def _name(project: Path | None) -> str:
    return shown(project) if project else "none"


def read(path: Path) -> bytes:
    """At most one byte more than may be parsed, so that `yaml` can tell. Raises SpecError."""
    if not is_file(path):
        raise unreadable(path, _sort(path))
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from None


def unreadable(path: Path, reason: str) -> SpecError:
    return SpecError.of(
        "file-unreadable",
        summary="a file or directory cannot be read",
        detail=reason,
        at=shown(path),
        remedy="check that it is an ordinary file or directory that you may read: `ls -l`",
    )


def shown(path: Path) -> str:
    """The path as the user would type it: relative to the current directory when it is below it."""
    absolute, here = os.path.abspath(path), os.getcwd()  # noqa: PTH100, PTH109 - pathlib takes ten times as long for each file
    if absolute == here:
        return "."
    below = here.rstrip("/") + "/"
    return absolute.removeprefix(below) if absolute.startswith(below) else os.path.normpath(path)


def absolute_path(path: Path) -> Path:
    """Without `..` and without following symlinks: `a/../b` is `b`, as it reads."""
    return Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute keeps the dots


def locate(uri: str, directory: Path) -> Path | None:
    """Where a uri leads from a directory, symlinks followed, whether or not a file is there. None where it is no path."""
    if SCHEME.match(uri):
        return None
    try:
        return (directory / uri).resolve()
    except (OSError, ValueError, RuntimeError):  # a name with NUL; a loop of symlinks, which Python 3.11 tells by RuntimeError
        return None


def is_file(path: Path) -> bool:
    """Whether a regular file is there: no directory, pipe or device. What cannot be asked about is none."""
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def is_directory(path: Path) -> bool:
    mode = _mode(path)
    return mode is not None and stat.S_ISDIR(mode)


def neighbours(path: Path) -> tuple[str, ...]:
    """The names of the files beside the path, YAML aside; none where they are so many that one like another says little."""
    try:
        return _names(path.parent, path.parent.stat().st_mtime_ns)
    except (OSError, ValueError):
        return ()


@lru_cache(maxsize=64)
def _names(directory: Path, changed_ns: int) -> tuple[str, ...]:
    """Listed once as long as nothing in it changes: thousands of documents may name files that are missing from one directory."""
    names = sorted(name for name in os.listdir(directory) if not name.endswith(_SUFFIXES))  # noqa: PTH208 - names are wanted
    files = tuple(name for name in names if is_file(directory / name)) if len(names) <= _MOST_ENTRIES else ()
    return files if len(files) <= _MOST_NEIGHBOURS else ()


def exists(path: Path) -> bool:
    return _mode(path) is not None


def _sort(path: Path) -> str:
    """What there is instead of a regular file."""
    mode = _mode(path)
    if mode is None:
        return "it is a link that leads nowhere, or it cannot be asked about"
    return f"it is {next((sort for is_of, sort in _SORTS.items() if is_of(mode)), 'a device')}"


def _present(path: Path) -> bool:
    """Whether there is anything, be it a link that leads nowhere: who wrote infractl.yaml does not mean its defaults."""
    return os.path.lexists(path)


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except (OSError, ValueError):  # absent, unreadable, too long, or with NUL
        return None
