"""A project's documents as they were read: its own, its services' and its environments'. What they say is checked in `load`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.errors import Diagnostics
from infractl.spec.find import ENVIRONMENTS, Candidate, Found, covers, environment_file, find, unknown_environment
from infractl.spec.project import Project, declared_environments, environment_needed, project_document, read_project
from infractl.spec.recognise import ENVIRONMENT, documents, is_environment, undeclared
from infractl.spec.rule.check import broken_project
from infractl.spec.telling.conceal import conceal_values, referred
from infractl.spec.yaml.document import Document, Node


class Reading(NamedTuple):
    """`document` is infractl.yaml's, `environments` are by their files' names. `whole`: all services of the project were read.

    `chosen` are the environments to look at: those that are declared, of those that were asked for. `what_if` are patches that a
    command line lays over every service.
    """

    found: Found
    document: Document | None
    project: Project | None
    services: tuple[tuple[Path, Document], ...]
    environments: dict[str, Document]
    chosen: tuple[str, ...]
    whole: bool
    what_if: tuple[Node, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The services' names as they stand, also of documents that have errors."""
        found = (document.node(("metadata", "name")) for _, document in self.services)
        return frozenset(node.value for node in found if node and isinstance(node.value, str))


class _Home(NamedTuple):
    """The project's own document, what is to be read of it, and the names of its environments."""

    found: Found
    document: Document | None
    project: Project | None
    environments: tuple[str, ...]


def read_documents(paths: Sequence[Path], environment: str | None, problems: Diagnostics) -> Reading:
    """Every document in files and directories, and that of the environment, wherever the paths lead. None is the default one."""
    home = _home(paths, problems)
    name = DEFAULT_ENVIRONMENT if environment is None else environment
    chosen = (name,) if name in home.environments else ()
    if not chosen and environment is None and home.document:
        problems.extend([environment_needed(home.document, home.environments)])
    elif not chosen:
        problems.extend(unknown_environment(home.found.root, name, home.environments).diagnostics)
    files = [environment_file(home.found.root, name) for name in chosen if name != DEFAULT_ENVIRONMENT]
    reading = _read(home, files, paths, chosen, problems)
    for file in files:
        if file.path.stem not in reading.environments and any(path == file.path for path, _ in reading.services):
            problems.extend([undeclared(file, f"no document in it has the kind {ENVIRONMENT}", file.shown)])
    return reading


def read_every_environment(paths: Sequence[Path], problems: Diagnostics) -> Reading:
    """Every document in files and directories: the environments among them, and the default one.

    Where there is no default one, services that are read without an environment are read in all.
    """
    home = _home(paths, problems)
    files = [c._replace(named=True) for c in home.found.candidates if c.at_home]
    default = tuple(name for name in home.environments if name == DEFAULT_ENVIRONMENT)
    if not default and not files:
        files = [environment_file(home.found.root, name) for name in home.environments]
    if not default and not files and home.document:
        problems.extend([environment_needed(home.document, ())])
    reading = _read(home, files, paths, default, problems)
    return reading._replace(chosen=(*default, *reading.environments))


def _home(paths: Sequence[Path], problems: Diagnostics) -> _Home:
    found = find(paths, problems)
    document = project_document(found, problems)
    project = read_project(found, document, problems)
    problems.extend(broken_project(document, found.root) if document else ())
    return _Home(found, document, project, declared_environments(found.root, document))


def _read(
    home: _Home, files: Sequence[Candidate], paths: Sequence[Path], chosen: tuple[str, ...], problems: Diagnostics
) -> Reading:
    """Every candidate's documents; those of `files`, which must declare environments, last."""
    services: list[tuple[Path, Document]] = []
    environments: dict[str, Document] = {}
    unread = 0
    stems = {file.path.stem for file in files}
    others = [c for c in home.found.candidates if not (c.at_home and c.path.stem in stems)]
    for candidate in (*others, *files):
        before = len(problems.errors)
        for each in documents(candidate, problems):
            if not is_environment(each, candidate):
                services.append((candidate.path, each))
            elif _in_place(each, candidate, environments, problems):
                environments[candidate.path.stem] = each
        # What is wrong with an environment's file hides no service.
        unread += 0 if candidate.at_home else len(problems.errors) - before
    whole = covers(paths, home.found.root) and not unread
    return _concealed(Reading(home.found, home.document, home.project, tuple(services), environments, chosen, whole))


def _concealed(reading: Reading) -> Reading:
    """Without a sight of the values that stand where a secret must."""
    named = [d for d in (reading.document, *reading.environments.values()) if d and d.node(("values",))]
    found = {each for d in (*(d for _, d in reading.services), *named) for each in referred(d)} if named else set()
    if not found:
        return reading
    environments = {name: conceal_values(document, found) for name, document in reading.environments.items()}
    return reading._replace(document=reading.document and conceal_values(reading.document, found), environments=environments)


def _in_place(document: Document, candidate: Candidate, environments: dict[str, Document], problems: Diagnostics) -> bool:
    """Whether an environment is the only one in a file that --env finds."""
    at = document.mark(("kind",)) or document.nearest_mark(())
    if not candidate.at_home:
        name = document.node(("metadata", "name"))
        file = name.value if name and isinstance(name.value, str) else "NAME"
        problems.error(
            "environment-misplaced",
            summary="an environment is declared where none is looked for",
            detail=f"{candidate.shown} is not in the directory {ENVIRONMENTS} beside infractl.yaml, or does not end in .yaml",
            at=at,
            remedy=f"move it to {ENVIRONMENTS}/{file}.yaml",
        )
        return False
    if candidate.path.stem in environments:
        problems.error(
            "several-environments",
            summary="a file declares more than one environment",
            detail="this is another one",
            at=at,
            remedy=f"move it to a file of its own in {ENVIRONMENTS}",
        )
        return False
    return True
