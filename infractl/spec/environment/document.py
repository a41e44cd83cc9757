"""The `Environment` document: named values, and how services differ in this environment. What becomes of it is `overlay`'s."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal

from pydantic_core import ValidationError

from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.errors import Diagnostic, Diagnostics
from infractl.spec.environment.overlay import Overlay
from infractl.spec.environment.values import IDENTITY, Values, fill, refuse_reference
from infractl.spec.find import ENVIRONMENTS, PROJECT_FILE
from infractl.spec.schema.field import Section, option, required
from infractl.spec.service import InferenceService
from infractl.spec.telling.diagnose import diagnose
from infractl.spec.telling.problem import error
from infractl.spec.telling.suggest import did_you_mean, written
from infractl.spec.text import Name, Scalar, ValueName, Word
from infractl.spec.validate import dotted, validate
from infractl.spec.yaml.document import Document, Node
from infractl.spec.yaml.merge import with_children


class EnvironmentMetadata(Section):
    """Which environment it is."""

    name: Name = required("The environment's name: that of its file, and what --env takes.", example="staging")
    description: Word | None = option("What it is for, for people.", default=None, example="A tenth of the traffic, on spares.")


class Environment(Section):
    """One standing copy of the project's services, and how it differs from what their documents say."""

    api_version: Literal["infractl.dev/v1"] = required("Version of this document's format.", example="infractl.dev/v1")
    kind: Literal["Environment"] = required("What this document declares.", example="Environment")
    metadata: EnvironmentMetadata = required("The name.", example="{name: staging}")
    values: Mapping[ValueName, Scalar] = option(
        "What `${name}` stands for in services and patches; before the values of infractl.yaml.",
        default={},
        example="{peak: 50/s, bucket: models-staging}",
    )
    overlay: Mapping[str, Any] = option(
        "A merge patch (RFC 7396) over every service's document.", default={}, example="{spec: {targets: [spare]}}"
    )
    services: Mapping[str, Mapping[str, Any]] = option(
        "Merge patches over single services, by name, after the overlay.",
        default={},
        example="{fraud: {spec: {traffic: {peak: 50/s}}}}",
    )


def overlay_of(name: str, document: Document | None, project: Document | None, problems: Diagnostics) -> Overlay:
    """What an environment lays over services, by its document and that of the project. The default one has no document.

    Of a document that has errors, what is well formed counts.
    """
    own = Diagnostics()
    values = Values(name, {**_values(project, own), **_values(document, own)})
    patch = document.node(("overlay",)) if document else None
    patches = document.node(("services",)) if document else None
    of_services = {str(service): node for service, node in patches.children.items()} if patches and patches.keys else {}
    if document:
        own.extend(_form(document))
        own.extend(_another_name(name, document))
        for each in (patch, *of_services.values()):
            if each and isinstance(each.value, dict):
                own.extend(_identity(each))
                own.extend(_unknown_keys(each, document))
                fill(each, values, own)
    problems.extend(own)
    return Overlay(
        values=values,
        patch=_without_identity(patch) if patch and isinstance(patch.value, dict) else None,
        patches={s: _without_identity(node) for s, node in of_services.items() if isinstance(node.value, dict)},
        problems=(*(document.problems if document else ()), *own),
    )


def unknown_services(document: Document, names: Collection[str]) -> Iterator[Diagnostic]:
    """Patches for services that the project does not have."""
    patches = document.node(("services",))
    for name in patches.keys if patches else ():
        if name not in names:
            yield error(
                "unknown-service",
                "a patch is for a service that there is not",
                f"{written(name)} is not a service of this project",
                document.nearest_mark(("services", name)),
                did_you_mean(name, sorted(names), "remove it, or use one of" if names else "remove it"),
            )


def _form(document: Document) -> list[Diagnostic]:
    try:
        validate(Environment, document.value)
    except ValidationError as error:
        return diagnose(error, document, Environment)
    return []


def _values(document: Document | None, problems: Diagnostics) -> dict[str, Node]:
    values = document.node(("values",)) if document else None
    found = {str(name): node for name, node in values.children.items()} if values and values.keys else {}
    for name, node in found.items():
        refuse_reference(name, node, problems)
    return found


def _another_name(name: str, document: Document) -> Iterator[Diagnostic]:
    path = ("metadata", "name")
    given, at = document.node(path), document.mark(path) or document.nearest_mark(path)
    if name == DEFAULT_ENVIRONMENT:
        yield error(
            "environment-name",
            "the default environment has no file",
            f"{DEFAULT_ENVIRONMENT} is what the services' documents say as they stand",
            at,
            f"write the values into {PROJECT_FILE} and the rest into the services, or give the file and the environment a name",
        )
    elif given and isinstance(given.value, str) and given.value != name:
        yield error(
            "environment-name",
            "an environment has another name than its file",
            f"{written(given.value)} is not {name}, which --env takes",
            at,
            f"write {name}, or rename the file to {ENVIRONMENTS}/{given.value}.yaml",
        )


def _identity(patch: Node) -> Iterator[Diagnostic]:
    """A patch that would make another document of the one that it is for."""
    for path in IDENTITY:
        place = patch
        for depth, key in enumerate(path):
            if str(key) not in place.keys:
                break
            found = place.children[key]
            if depth == len(path) - 1 or not isinstance(found.value, dict):
                yield error(
                    "patch-identity",
                    "a patch changes which service it is",
                    f"{dotted(path)} is the same in every environment",
                    place.keys[str(key)].mark,
                    "remove it from the patch; what differs between environments stands in spec and in metadata.labels",
                )
                break
            place = found


def _unknown_keys(patch: Node, document: Document) -> list[Diagnostic]:
    """A slip in a patch is told even where another patch, or a null, puts something else in its place."""
    try:
        validate(InferenceService, patch.value)
    except ValidationError as error:
        alone = Document(source=document.source, root=patch, problems=document.problems)
        return [d for d in diagnose(error, alone, InferenceService) if d.slug == "unknown-key"]
    return []


def _without_identity(patch: Node) -> Node:
    """What a patch does to a service's identity is told once, and not what would come of it."""
    metadata = patch.children.get("metadata")
    children = {key: child for key, child in patch.children.items() if (key,) not in IDENTITY and key != "metadata"}
    if metadata and isinstance(metadata.value, dict):
        kept = {key: child for key, child in metadata.children.items() if ("metadata", key) not in IDENTITY}
        children["metadata"] = with_children(metadata, kept)
    return with_children(patch, children)
