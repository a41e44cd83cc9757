"""Reads infractl.yaml. Where there is none, the project is named after its directory and runs on this machine."""

from __future__ import annotations

from pydantic import ValidationError

from infractl.errors import Diagnostics, Mark, SpecError
from infractl.spec.document import Document
from infractl.spec.find import PROJECT_FILE, Found
from infractl.spec.locate import shown
from infractl.spec.parse import parse
from infractl.spec.project import Project
from infractl.spec.read import read
from infractl.spec.suggest import as_name
from infractl.spec.validate import diagnose, validate


def project_document(found: Found, problems: Diagnostics) -> Document | None:
    if found.project is None:
        return None
    file = shown(found.project)
    try:
        parsed = parse(read(found.project), file)
    except SpecError as error:
        problems.extend(error.diagnostics)
        return None
    problems.extend(parsed.problems)
    if not parsed.documents and not parsed.problems:
        problems.error(
            "empty-file",
            summary="the file is empty",
            detail="it has no document, or comments alone",
            at=Mark(file=file, line=1, column=1),
            remedy=f"write the project's name: `project: {as_name(found.root.name, 'project')}`",
        )
    for document in parsed.documents[1:]:
        problems.error(
            "several-documents",
            summary="infractl.yaml has more than one document",
            detail="this is another one",
            at=document.nearest_mark(()),
            remedy="move services into files of their own, and delete the ---",
        )
    problems.extend(d for document in parsed.documents[:1] for d in document.problems)
    return next(iter(parsed.documents), None)


def read_project(found: Found, document: Document | None, problems: Diagnostics) -> Project | None:
    if found.project is None:
        return Project(project=as_name(found.root.name, "project"))
    if document is None:
        return None
    try:
        return validate(Project, document.value)
    except ValidationError as error:
        problems.extend(diagnose(error, document, Project))
        return None


def implied_document(project: Project) -> Document:
    """What infractl.yaml would say if it said what is taken for granted: a place for errors about the defaults to point at."""
    targets = "".join(f"  {name}:\n    provider: {target.provider}\n" for name, target in project.targets.items())
    text = f"project: {project.project}\ntargets:\n{targets}"
    return parse(text.encode(), f"{PROJECT_FILE} (not there: its defaults)").documents[0]
