"""From paths to a project and its services: everything that is wrong with all files at once, or values that can be trusted.

Here the steps are joined: `find` the files, `recognise` our documents in their `yaml` (`reading`), lay the environment over
each service (`overlay`), `validate` it, apply every `rule`. What a document may say is in `service`, `project` and `environment`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic_core import ValidationError

from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.domain.given import Given
from infractl.errors import Diagnostic, Diagnostics, Mark, SpecError
from infractl.spec.find import Found, absolute_path, covers, find, shown
from infractl.spec.project import (
    Project,
    declared_environments,
    environment_needed,
    implied_document,
    project_document,
    read_project,
)
from infractl.spec.reading import Reading, read_documents, read_every_environment
from infractl.spec.rule.between import moves
from infractl.spec.rule.check import broken, broken_between
from infractl.spec.rule.subject import Subject
from infractl.spec.selection import EVERYTHING, Selection, unmatched
from infractl.spec.service import InferenceService, ServiceSpec
from infractl.spec.telling.conceal import conceal_problems
from infractl.spec.validate import remainder, validate
from infractl.spec.yaml.document import Document, Node
from infractl.spec.yaml.document import Path as DocumentPath
from infractl.spec.yaml.limit import MOST_LAID, MOST_PROBLEMS, MOST_PROBLEMS_IN_ALL, first, more_problems, too_much_laid

if TYPE_CHECKING:
    from pydantic import BaseModel

M = TypeVar("M", bound="BaseModel")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedService:
    """A service and where it came from.

    `model_path` is None where the model is no file of the project. `document` is as the environment makes it, and `given` what
    the environment put there.
    """

    service: InferenceService
    file: Path
    model_path: Path | None
    document: Document = field(repr=False)
    given: tuple[Given, ...] = ()

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def digest(self) -> str:
        """The sha256 (hex) of the document's canonical JSON: neither formatting nor comments count, nor which name was before."""
        return self.digest_as(self.name)

    def digest_as(self, name: str) -> str:
        """The digest, were the service called `name`."""
        import hashlib
        import json

        value = self.document.value
        spec = {key: asked for key, asked in value["spec"].items() if key != "lifecycle"}
        if lifecycle := {key: asked for key, asked in (value["spec"].get("lifecycle") or {}).items() if key != "movedFrom"}:
            spec["lifecycle"] = lifecycle
        named = {**value, "metadata": {**value["metadata"], "name": name}, "spec": spec}
        text = json.dumps(named, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def mark(self, path: str) -> Mark | None:
        """The place of `spec.slo.latency.p95`, or of `spec.targets.0`; None where the document does not say it."""
        keys: DocumentPath = tuple(path.split("."))
        return self.document.mark(keys) or self.document.mark(tuple(int(k) if str(k).isdecimal() else k for k in keys))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedProject:
    """A project in an environment, with the services that were asked for. `diagnostics` holds warnings and notes.

    `names` are those of all services in the files, and `selection` says which of them were asked for. `document` is that of
    infractl.yaml; None where there is no such file and the defaults hold. `environments` names those that were checked; where no
    service was asked for, those that are declared. `moves`: the names that services had before, each with the present one.
    """

    root: Path
    project: Project
    environment: str
    environments: tuple[str, ...]
    services: tuple[LoadedService, ...]
    diagnostics: tuple[Diagnostic, ...]
    document: Document | None = field(repr=False)
    names: frozenset[str] = frozenset()
    moves: Mapping[str, str] = field(default_factory=dict)
    selection: Selection = EVERYTHING

    def target_mark(self, name: str, key: str = "") -> Mark | None:
        """The place of a target in infractl.yaml, or of one of its settings; of the target where it does not say it."""
        if self.document is None:
            return None
        setting = self.document.mark(("targets", name, key)) if key else None
        return setting or self.document.key_mark(("targets", name))


def load_project(
    paths: Sequence[Path],
    environment: str | None = None,
    selection: Selection = EVERYTHING,
    what_if: tuple[Node, ...] = (),
) -> LoadedProject:
    """Read the services in files and directories, and the project above them. None is the default environment.

    All files are read, and of the services those are checked that are selected, with the patches of `what_if`. Raises SpecError
    with all that is wrong.
    """
    problems = Diagnostics()
    reading = read_documents(paths, environment, problems)._replace(what_if=what_if)
    if selection.changes is not None:
        name = next(iter(reading.chosen), DEFAULT_ENVIRONMENT)
        selection = replace(selection, changes=selection.changes.within(reading.found.root, name, reading.names))
    services = [service for name in reading.chosen for service in _services(reading, name, problems, selection)]
    return _loaded(paths, reading, services, problems, selection)


def load_in_every_environment(paths: Sequence[Path]) -> LoadedProject:
    """The project in its default environment, or else its first, if nothing is wrong in any that is to be checked."""
    problems = Diagnostics()
    reading = read_every_environment(paths, problems)
    services = list[LoadedService]()
    found = dict[str, Diagnostics]()
    for environment in reading.chosen:
        found[environment] = Diagnostics()
        right = _services(reading, environment, found[environment])
        services = services or right
    everywhere = _everywhere(found)
    problems.extend(everywhere)
    for environment, own in found.items():
        problems.extend(_within(environment, reading, problem) for problem in own if problem not in everywhere)
    return _loaded(paths, reading, services, problems)


def _everywhere(found: Mapping[str, Diagnostics]) -> dict[Diagnostic, None]:
    """What is said of no single environment: all that is wrong in the default one, or else what is wrong in each."""
    first, *others = found.values() or [Diagnostics()]
    if DEFAULT_ENVIRONMENT not in found:
        held = [frozenset(other) for other in others]
        return {problem: None for problem in first if held and all(problem in other for other in held)}
    return dict.fromkeys(first)


def _within(environment: str, reading: Reading, problem: Diagnostic) -> Diagnostic:
    """A problem of one environment alone says which, unless it lies in that one's file."""
    document = reading.environments.get(environment)
    if isinstance(problem.at, Mark) and document and problem.at.file == document.file:
        return problem
    return replace(problem, detail=f"in the environment {environment}: {problem.detail}")


def _services(
    reading: Reading, environment: str, problems: Diagnostics, selection: Selection = EVERYTHING
) -> list[LoadedService]:
    """The selected services that are right in the environment.

    Where that cannot be read, what is wrong with them cannot be told.
    """
    if environment not in (DEFAULT_ENVIRONMENT, *reading.environments):
        return []
    laid = list(_laid(reading, environment, problems))
    problems.extend(broken_between([document for _, document, _ in laid]))
    problems.extend(unmatched(selection, [document for _, document, _ in laid]))
    services, before = [], problems.different_errors
    for (_, declared), (file, document, given) in zip(reading.services, laid, strict=False):
        if selection.partial and not selection.takes(file, declared, document):
            continue
        if problems.different_errors - before >= MOST_PROBLEMS_IN_ALL:
            problems.extend([more_problems(document.nearest_mark(()), "documents from this one on are not checked")])
            break
        if service := _service(file, document, reading, problems):
            services.append(replace(service, given=given) if given else service)
    return services


def _laid(reading: Reading, environment: str, problems: Diagnostics) -> Iterator[tuple[Path, Document, tuple[Given, ...]]]:
    """Each service's document in the environment. Most often nothing is laid over any: then nothing is imported for it."""
    values = reading.project.values if reading.project else {}
    document = reading.environments.get(environment)
    if document is None and not values and not reading.what_if and not any("${" in str(d.value) for _, d in reading.services):
        yield from ((file, each, ()) for file, each in reading.services)
        return
    from infractl.spec.environment.document import overlay_of, unknown_services
    from infractl.spec.environment.overlay import lay

    if document and reading.whole:
        problems.extend(first(unknown_services(document, reading.names)))
    overlay = overlay_of(environment, document, reading.document, problems)._replace(what_if=reading.what_if)
    size, before = 0, problems.different_errors
    for file, each in reading.services:
        if problems.different_errors - before >= MOST_PROBLEMS_IN_ALL:
            problems.extend([more_problems(each.nearest_mark(()), "documents from this one on are not checked")])
            return
        laid = lay(each, overlay, problems)
        size += laid.document.root.size if laid.given else 0
        if size > MOST_LAID:
            problems.extend([too_much_laid(each.nearest_mark(()))])
            return
        yield file, laid.document, laid.given


def _loaded(
    paths: Sequence[Path],
    reading: Reading,
    services: Sequence[LoadedService],
    found: Diagnostics,
    selection: Selection = EVERYTHING,
) -> LoadedProject:
    # What is wrong with a patch is found in every service that it is for.
    documents = [d for d in (reading.document, *reading.environments.values()) if d]
    problems = Diagnostics(dict.fromkeys(conceal_problems(found, documents)))
    values = [d.node(("values",)) for d in (reading.document, *reading.environments.values()) if d]
    if reading.whole and reading.services and any(values):
        from infractl.spec.environment.unused_value import unused_values

        problems.extend(islice(unused_values(reading, reading.chosen), MOST_PROBLEMS))
    if not reading.services and not reading.environments and not problems.errors:
        _no_services(paths, reading.found, problems)
    problems.raise_errors(SpecError)
    assert reading.project is not None  # a broken one is an error
    return LoadedProject(
        root=reading.found.root,
        project=reading.project,
        environment=next(iter(reading.chosen), DEFAULT_ENVIRONMENT),
        environments=reading.chosen,
        services=tuple(sorted(services, key=lambda s: s.name)),
        diagnostics=tuple(problems),
        document=reading.document,
        names=reading.names,
        moves={**moves([d for _, d in reading.services]), **moves([s.document for s in services])},
        selection=selection,
    )


def declared_labels(root: Path, environment: str) -> Mapping[str, Mapping[str, str]]:
    """The labels of all services of a project in an environment, by their names. What cannot be read has none."""
    problems = Diagnostics()
    reading = read_documents([root], environment, problems)
    found: dict[str, Mapping[str, str]] = {}
    for _, document, _ in _laid(reading, environment, problems):
        name, labels = document.node(("metadata", "name")), document.node(("metadata", "labels"))
        if name and isinstance(name.value, str) and labels and isinstance(labels.value, dict):
            found[name.value] = {str(label): str(value) for label, value in labels.value.items()}
    return found


def load_root(directory: Path, environment: str | None = None) -> LoadedProject:
    """The project that a directory belongs to, without its services: for what is recorded, whatever is declared.

    Raises SpecError where the directory is not there, infractl.yaml is wrong, or no environment is named and there is no default.
    """
    problems = Diagnostics()
    found = find([directory], problems)
    document = project_document(found, problems)
    project = read_project(found, document, problems)
    declared = declared_environments(found.root, document)
    if environment is None and document and DEFAULT_ENVIRONMENT not in declared:
        problems.extend([environment_needed(document, declared)])
    problems.raise_errors(SpecError)
    assert project is not None  # a broken one is an error
    return LoadedProject(
        root=found.root,
        project=project,
        environment=DEFAULT_ENVIRONMENT if environment is None else environment,
        environments=declared,
        services=(),
        diagnostics=(),
        document=document,
    )


def settings_for(loaded: LoadedProject, target_name: str, model: type[M]) -> M:
    """A target's settings as its provider's model. Raises SpecError with marks, and KeyError for a target that is not there."""
    settings = loaded.project.targets[target_name].settings
    try:
        return model.model_validate(settings)
    except ValidationError as error:
        from infractl.spec.telling.diagnose import diagnose

        document = loaded.document or implied_document(loaded.project)
        raise SpecError(*diagnose(error, document, model, ("targets", target_name))) from None


def _service(file: Path, document: Document, reading: Reading, problems: Diagnostics) -> LoadedService | None:
    """The service, or None and its errors; rules look at what is left of a document that has other errors."""
    service: InferenceService | None = None
    try:
        service = validate(InferenceService, document.value)
        spec: ServiceSpec | None = service.spec
    except ValidationError as error:
        from infractl.spec.telling.diagnose import diagnose

        problems.extend(diagnose(error, document, InferenceService))
        spec = remainder(ServiceSpec, document, ("spec",), {})
    if spec is None:
        return None
    subject = Subject(
        spec=spec,
        document=document,
        directory=absolute_path(file).parent,
        root=reading.found.root,
        targets=reading.project.targets if reading.project else None,
    )
    problems.extend(d for d in broken(subject) if not (isinstance(d.at, Mark) and document.troubled(d.at)))
    if service is None:
        return None
    return LoadedService(service=service, file=file, model_path=subject.model_file, document=document)


def _no_services(paths: Sequence[Path], found: Found, problems: Diagnostics) -> None:
    """A project may have lost its last service, which is then to be destroyed; elsewhere it is a wrong path."""
    say = problems.warning if found.project is not None and covers(paths, found.root) else problems.error
    say(
        "no-services",
        summary="there is no service here",
        detail="no document has an apiVersion of infractl.dev/v1 and the kind InferenceService",
        at=", ".join(shown(p) for p in paths) or ".",
        remedy="run `infractl init MODEL` to write a first service, or name another path",
    )
