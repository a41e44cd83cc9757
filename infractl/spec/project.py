"""The `infractl.yaml` document: the project's name, its targets and its stores.

Where there is none, the project is named after its directory and runs on this machine.
"""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field, ValidationError

from infractl.errors import Diagnostics, Mark, SpecError
from infractl.spec.find import PROJECT_FILE, Found, read, shown
from infractl.spec.service import Name, Section
from infractl.spec.suggest import as_name
from infractl.spec.validate import validate
from infractl.spec.wording import diagnose
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.parse import parse


class TargetEntry(Section):
    """A target's provider; every other key is the provider's own setting, which the provider's model validates."""

    model_config = ConfigDict(extra="allow", frozen=True)

    provider: str = Field(min_length=1, description="The provider plugin: the name of an entry point in infractl.providers.")

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.__pydantic_extra__ or {})


class StoreEntries(Section):
    """Where the project remembers. Each is a directory, relative to infractl.yaml."""

    state: str = Field(default=".infractl/state", description="State documents, one a service.")
    artifacts: str = Field(default=".infractl/artifacts", description="Model files by digest.")
    measurements: str = Field(default=".infractl/measurements", description="What bench measured.")
    run: str = Field(default=".infractl/run", description="What runs on this machine: sockets, logs, served files.")


class Project(Section):
    project: Name = Field(description="The project's name: the first part of every address.")
    targets: dict[Name, TargetEntry] = Field(
        default={"local": TargetEntry(provider="local")}, description="Places that services may run at, by name."
    )
    stores: StoreEntries = Field(default=StoreEntries(), description="Where state, artifacts and measurements are kept.")


def project_document(found: Found, problems: Diagnostics) -> Document | None:
    """The document in infractl.yaml; None where there is no such file, or none that can be read."""
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
    """The project, by its document or by the defaults; None where the document is broken."""
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
