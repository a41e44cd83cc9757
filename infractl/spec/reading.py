"""A project's documents as they were read: its own, its services' and its environments'. What they say is checked in `load`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.errors import Diagnostics, SpecError
from infractl.spec.find import ENVIRONMENTS, Candidate, Found, environment_file, exists, find
from infractl.spec.project import Project, project_document, read_project
from infractl.spec.recognise import ENVIRONMENT, documents, is_environment
from infractl.spec.rule.check import broken_project
from infractl.spec.yaml.document import Document


class Reading(NamedTuple):
    """`document` is infractl.yaml's, `environments` are by their files' names. `whole`: all services of the project were read."""

    found: Found
    document: Document | None
    project: Project | None
    services: tuple[tuple[Path, Document], ...]
    environments: dict[str, Document]
    whole: bool

    @property
    def names(self) -> frozenset[str]:
        """The services' names as they stand, also of documents that have errors."""
        found = (document.node(("metadata", "name")) for _, document in self.services)
        return frozenset(node.value for node in found if node and isinstance(node.value, str))


def read_documents(paths: Sequence[Path], environment: str, problems: Diagnostics) -> Reading:
    """Every document in files and directories, and the environment's, wherever the paths lead."""
    found = find(paths, problems)
    document = project_document(found, problems)
    project = read_project(found, document, problems)
    problems.extend(broken_project(document, found.root) if document else ())
    services: list[tuple[Path, Document]] = []
    environments: dict[str, Document] = {}
    before = len(problems.errors)
    chosen = _chosen(found, environment, problems)
    others = [c for c in found.candidates if not (chosen and c.at_home and c.path.stem == environment)]
    for candidate in (*others, *chosen):
        found_before, errors_before = len(environments), len(problems)
        for each in documents(candidate, problems):
            if not is_environment(each, candidate):
                services.append((candidate.path, each))
            elif _in_place(each, candidate, environments, problems):
                environments[candidate.path.stem] = each
        if candidate in chosen and (found_before, errors_before) == (len(environments), len(problems)):
            _undeclared(candidate, problems)
    whole = any(exists(path) and path.resolve() == found.root for path in paths) and len(problems.errors) == before
    return Reading(found, document, project, tuple(services), environments, whole)


def _chosen(found: Found, environment: str, problems: Diagnostics) -> tuple[Candidate, ...]:
    """The environment's file; none where it has none, which is then an error of any but the default one."""
    if environment == DEFAULT_ENVIRONMENT:
        return ()
    try:
        return (environment_file(found.root, environment),)
    except SpecError as error:
        problems.extend(error.diagnostics)
        return ()


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


def _undeclared(candidate: Candidate, problems: Diagnostics) -> None:
    problems.error(
        "environment-undeclared",
        summary="an environment's file declares no environment",
        detail=f"no document in it has the kind {ENVIRONMENT}",
        at=candidate.shown,
        remedy=f"write `kind: {ENVIRONMENT}`, and move services to another file",
    )
