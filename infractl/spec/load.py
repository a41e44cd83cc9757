"""From paths to a project and its services: everything that is wrong with all files at once, or values that can be trusted.

Here the steps are joined: `find` the files, `recognise` our documents in their `yaml`, `validate` each, apply every `rule`.
What a document may say is in `service` and `project`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic_core import ValidationError

from infractl.domain.value import Json
from infractl.errors import Diagnostic, Diagnostics, Mark, SpecError
from infractl.spec.find import Found, absolute_path, find, shown
from infractl.spec.project import Project, implied_document, project_document, read_project
from infractl.spec.recognise import service_documents
from infractl.spec.rule.check import broken, broken_between, broken_project
from infractl.spec.rule.subject import Subject
from infractl.spec.section.target import TargetEntry
from infractl.spec.service import InferenceService, ServiceSpec
from infractl.spec.validate import remainder, validate
from infractl.spec.wording import diagnose
from infractl.spec.yaml.document import Document
from infractl.spec.yaml.document import Path as DocumentPath

if TYPE_CHECKING:
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedService:
    """A service and where it came from. `digest` is of the document's values: neither formatting nor comments count.

    `model_path` is None where the model is no file of the project.
    """

    service: InferenceService
    file: Path
    model_path: Path | None
    digest: str
    document: Document = field(repr=False)

    @property
    def name(self) -> str:
        return self.service.name

    def mark(self, path: str) -> Mark | None:
        """The place of `spec.slo.latency.p95`, or of `spec.targets.0`; None where the document does not say it."""
        keys: DocumentPath = tuple(path.split("."))
        return self.document.mark(keys) or self.document.mark(tuple(int(k) if str(k).isdecimal() else k for k in keys))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedProject:
    """A project with the services that were asked for. `diagnostics` holds warnings and notes.

    `document` is that of infractl.yaml; None where there is no such file and the defaults hold.
    """

    root: Path
    project: Project
    services: tuple[LoadedService, ...]
    diagnostics: tuple[Diagnostic, ...]
    document: Document | None = field(repr=False)

    def target_mark(self, name: str, key: str = "") -> Mark | None:
        """The place of a target in infractl.yaml, or of one of its settings; of the target where it does not say it."""
        if self.document is None:
            return None
        setting = self.document.mark(("targets", name, key)) if key else None
        return setting or self.document.key_mark(("targets", name))


def load_project(paths: Sequence[Path]) -> LoadedProject:
    """Read the services in files and directories, and the project above them. Raises SpecError with all that is wrong."""
    problems = Diagnostics()
    found = find(paths, problems)
    document = project_document(found, problems)
    project = read_project(found, document, problems)
    problems.extend(broken_project(document) if document else ())
    documents = [(c.path, d) for c in found.candidates for d in service_documents(c, problems)]
    problems.extend(broken_between([d for _, d in documents]))
    targets = project.targets if project else None
    loaded = [_service(path, d, found.root, targets, problems) for path, d in documents]
    if not documents and not problems.errors:
        _no_services(paths, found, problems)
    problems.raise_errors(SpecError)
    assert project is not None  # a broken one is an error
    return LoadedProject(
        root=found.root,
        project=project,
        services=tuple(sorted((s for s in loaded if s is not None), key=lambda s: s.name)),
        diagnostics=tuple(problems),
        document=document,
    )


def load_root(directory: Path) -> LoadedProject:
    """The project that a directory belongs to, without its services: for what is recorded, whatever is declared.

    Raises SpecError where the directory is not there or infractl.yaml is wrong.
    """
    problems = Diagnostics()
    found = find([directory], problems)
    document = project_document(found, problems)
    project = read_project(found, document, problems)
    problems.raise_errors(SpecError)
    assert project is not None  # a broken one is an error
    return LoadedProject(root=found.root, project=project, services=(), diagnostics=(), document=document)


def settings_for(loaded: LoadedProject, target_name: str, model: type[M]) -> M:
    """A target's settings as its provider's model. Raises SpecError with marks, and KeyError for a target that is not there."""
    settings = loaded.project.targets[target_name].settings
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        document = loaded.document or implied_document(loaded.project)
        raise SpecError(*diagnose(error, document, model, ("targets", target_name))) from None


def _service(
    file: Path, document: Document, root: Path, targets: Mapping[str, TargetEntry] | None, problems: Diagnostics
) -> LoadedService | None:
    """The service, or None and its errors; rules look at what is left of a document that has other errors."""
    service: InferenceService | None = None
    try:
        service = validate(InferenceService, document.value)
        spec: ServiceSpec | None = service.spec
    except ValidationError as error:
        problems.extend(diagnose(error, document, InferenceService))
        spec = remainder(ServiceSpec, document, ("spec",), {})
    if spec is None:
        return None
    subject = Subject(spec=spec, document=document, directory=absolute_path(file).parent, root=root, targets=targets)
    problems.extend(broken(subject))
    if service is None:
        return None
    return LoadedService(
        service=service, file=file, model_path=subject.model_file, digest=digest_of(document.value), document=document
    )


def digest_of(value: Json) -> str:
    """The sha256 of a document's canonical JSON."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _no_services(paths: Sequence[Path], found: Found, problems: Diagnostics) -> None:
    """A project may have lost its last service, which is then to be destroyed; elsewhere it is a wrong path."""
    whole = found.project is not None and any(path.resolve() == found.root for path in paths)
    say = problems.warning if whole else problems.error
    say(
        "no-services",
        summary="there is no service here",
        detail="no document has an apiVersion of infractl.dev/v1 and the kind InferenceService",
        at=", ".join(shown(p) for p in paths) or ".",
        remedy="run `infractl init MODEL` to write a first service, or name another path",
    )
