"""The `infractl.yaml` document: the project's name, its targets, its stores, and what holds for all services.

Where there is none, the project is named after its directory and runs on this machine.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic_core import ValidationError

from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.errors import Diagnostic, Diagnostics, Mark, SpecError
from infractl.spec.find import ENVIRONMENTS, PROJECT_FILE, Found, environment_names, read, shown
from infractl.spec.schema.field import Section, option, required
from infractl.spec.section.fleet import FleetBudget, Policy
from infractl.spec.section.target import TargetEntry
from infractl.spec.telling.problem import error
from infractl.spec.telling.suggest import as_name
from infractl.spec.text import Name, Scalar, ValueName, Word
from infractl.spec.validate import validate
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.parse import parse


class StoreEntries(Section):
    """Where the project remembers: each a directory, relative to infractl.yaml, or the uri of a store that a plugin brings."""

    state: Word = option("State documents, one a service.", default=".infractl/state")
    artifacts: Word = option("Model files by digest.", default=".infractl/artifacts")
    measurements: Word = option("What bench measured.", default=".infractl/measurements")
    run: Word = option("What runs on this machine: sockets, logs, served files.", default=".infractl/run")


class Project(Section):
    """The project: its name, where its services may run, and what holds for all of them."""

    project: Name = required("The project's name: the first part of every address.", example="shop")
    targets: Mapping[Name, TargetEntry] = option(
        "Places that services may run at, by name.",
        default={"local": TargetEntry(provider="local")},
        example="{local: {provider: local}}",
    )
    values: Mapping[ValueName, Scalar] = option(
        "What `${name}` stands for in services and patches where an environment says nothing else.",
        default={},
        example="{peak: 2000/s, bucket: models}",
    )
    default_environment: bool = option(
        "Whether the documents as they stand are an environment, which is meant where --env names no other.", default=True
    )
    stores: StoreEntries = option(
        "Where state, artifacts and measurements are kept.", default=StoreEntries(), example="{artifacts: models}"
    )
    budgets: tuple[FleetBudget, ...] = option(
        "Budgets that services share by label.",
        default=(),
        example="[{labels: {team: risk}, monthly: 5000 USD}]",
        guards=True,
    )
    policies: tuple[Policy, ...] = option(
        "Rules for the services.", default=(), example="[{name: pinned, require: {sha256: true}}]", guards=True, acted_on=False
    )


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
        from infractl.spec.telling.diagnose import diagnose

        problems.extend(diagnose(error, document, Project))
        return None


def declared_environments(root: Path, document: Document | None) -> tuple[str, ...]:
    """What --env may name: the default one, unless infractl.yaml says that there is none, and each that has a file."""
    default = () if _without_default(document) else (DEFAULT_ENVIRONMENT,)
    return (*default, *environment_names(root))


def environment_needed(document: Document, known: Sequence[str]) -> Diagnostic:
    """What a command is told that names no environment where there is no default one."""
    return error(
        "environment-needed",
        "there is no default environment, and no other one is chosen",
        f"this project has these environments: {', '.join(known)}" if known else "this project declares no environment",
        document.mark(_DEFAULT) or document.nearest_mark(_DEFAULT),
        f"add --env NAME, with one of: {', '.join(known)}" if known else f"write {ENVIRONMENTS}/NAME.yaml, and add --env NAME",
    )


def _without_default(document: Document | None) -> bool:
    """Read as it stands, so that it holds where the rest of infractl.yaml is broken."""
    said = document.node(_DEFAULT) if document else None
    return said is not None and said.value is False


_DEFAULT = ("defaultEnvironment",)


def implied_document(project: Project) -> Document:
    """What infractl.yaml would say if it said what is taken for granted: a place for errors about the defaults to point at."""
    targets = "".join(f"  {name}:\n    provider: {target.provider}\n" for name, target in project.targets.items())
    text = f"project: {project.project}\ntargets:\n{targets}"
    return parse(text.encode(), f"{PROJECT_FILE} (not there: its defaults)").documents[0]
