"""The JSON Schemas of the documents that users write: services, infractl.yaml, and environments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from infractl.spec.environment.document import Environment
from infractl.spec.project import Project
from infractl.spec.schema.json_schema import Schema, json_schema
from infractl.spec.schema.patch import patch, patch_definitions
from infractl.spec.schema.reference import with_references
from infractl.spec.service import InferenceService
from infractl.spec.text import VALUE_NAME

PATCH = "Patch"


def service_schema() -> Schema:
    """Scalars may refer to an environment's values, but for what says which service it is: see `values.IDENTITY`."""
    exact = json_schema(InferenceService, "infractl service")
    return _name_in_place(with_references(exact, VALUE_NAME.pattern), "Metadata", exact)


def project_schema() -> Schema:
    return json_schema(Project, "infractl project")


def environment_schema() -> Schema:
    """Its patches are those of services' documents, but for what says which service it is."""
    exact, service = json_schema(Environment, "infractl environment"), service_schema()
    schema = _name_in_place(exact, "EnvironmentMetadata", exact)
    definitions = {**patch_definitions(service, PATCH), "EnvironmentMetadata": schema["$defs"]["EnvironmentMetadata"]}
    definitions["ServicePatch"] = {
        "title": "service patch",
        "description": "What differs from the service's document. A key that is null goes away.",
        **patch(_without(service, "$schema", "title", "description", "markdownDescription", "$defs"), PATCH),
    }
    for name, keys in {"ServicePatch": ("apiVersion", "kind"), f"Metadata{PATCH}": ("name",)}.items():
        definitions[name]["properties"] = _without(definitions[name]["properties"], *keys)
    reference = {"$ref": "#/$defs/ServicePatch"}
    overlay, services = schema["properties"]["overlay"], schema["properties"]["services"]
    schema["properties"] |= {
        "overlay": {**_without(overlay, "title", "type", "additionalProperties", "propertyNames"), **reference},
        "services": {**services, "title": "mapping by name, each a service patch", "additionalProperties": reference},
    }
    return {**schema, "$defs": dict(sorted(_used(_without(schema, "$defs"), definitions).items()))}


def _name_in_place(schema: Schema, metadata: str, exact: Schema) -> Schema:
    """With the metadata's name written out where it stands: other names may become something that it cannot be."""
    definitions = schema["$defs"]
    name = {**exact["$defs"]["Name"], **exact["$defs"][metadata]["properties"]["name"]}
    properties = {**definitions[metadata]["properties"], "name": _without(name, "$ref")}
    return {**schema, "$defs": {**definitions, metadata: {**definitions[metadata], "properties": properties}}}


def _used(root: Schema, definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    """The definitions that the root refers to, and those that these refer to."""
    used: dict[str, Schema] = {}
    waiting = list(_referred(root))
    while waiting:
        name = waiting.pop()
        if name not in used:
            used[name] = definitions[name]
            waiting += _referred(used[name])
    return used


def _referred(schema: Any) -> Iterator[str]:
    match schema:
        case {"$ref": str(reference)}:
            yield reference.removeprefix("#/$defs/")
        case dict():
            for inner in schema.values():
                yield from _referred(inner)
        case list():
            for inner in schema:
                yield from _referred(inner)


def _without(schema: Schema, *keys: str) -> Schema:
    return {key: value for key, value in schema.items() if key not in keys}
