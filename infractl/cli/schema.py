"""`infractl schema`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from infractl.errors import UsageError


class Document(StrEnum):
    service = "service"
    project = "project"
    environment = "environment"
    plan = "plan"
    explanation = "explanation"
    estimate = "estimate"
    optimization = "optimization"
    state = "state"
    diagnostics = "diagnostics"


WRITTEN_BY_USERS = (Document.service, Document.project, Document.environment)


def fields_from(incomplete: str) -> list[str]:
    """Fields and what is inside them, for shells: a further key is then typed without going back."""
    return [name for name, keys in _known().items() if name.startswith(incomplete) and len(keys) <= incomplete.count(".") + 2]


def schema(
    field: Annotated[
        str | None,
        typer.Argument(
            help="A field to explain, such as spec.slo.latency or project.targets.",
            show_default=False,
            autocompletion=fields_from,
        ),
    ] = None,
    of: Annotated[Document | None, typer.Option("--of", help="The document.  [default: service]", show_default=False)] = None,
) -> None:
    """Print a document's JSON Schema, or explain a field.

    The schema is for editors, which complete and explain keys by it. The documents are those that you write (service,
    project, which is infractl.yaml, and environment) and those that infractl writes (plan, state, diagnostics).
    """
    if field is None:
        import json

        sys.stdout.write(json.dumps(_schema(of or Document.service), indent=2, ensure_ascii=False) + "\n")
    else:
        _explain(field, of)


def _schema(of: Document) -> dict[str, Any]:
    from infractl.spec import document_schema

    match of:
        case Document.service:
            return document_schema.service_schema()
        case Document.project:
            return document_schema.project_schema()
        case Document.environment:
            return document_schema.environment_schema()
        case Document.plan:
            from infractl.planning.planfile_schema import plan_schema

            return plan_schema()
        case Document.explanation:
            from infractl.report.explanation_document import explanation_schema

            return explanation_schema()
        case Document.estimate:
            from infractl.report.estimate_document import estimate_schema

            return estimate_schema()
        case Document.optimization:
            from infractl.report.optimized_document import optimized_schema

            return optimized_schema()
        case Document.state:
            from infractl.state.document_schema import state_schema

            return state_schema()
        case Document.diagnostics:
            from infractl.report.diagnostic_schema import diagnostics_schema

            return diagnostics_schema()


def _explain(field: str, of: Document | None) -> None:
    from infractl.cli.terminal import style_of
    from infractl.report.field_text import document_text, field_text
    from infractl.spec.schema.entry import entries_of, look_up
    from infractl.spec.schema.json_schema import doc_of

    first, _, rest = field.partition(".")
    named = next((d for d in WRITTEN_BY_USERS if of is None and d == first), None)
    document, path = (named, rest) if named else (of or Document.service, field)
    if document not in WRITTEN_BY_USERS:
        raise typer.BadParameter(f"the fields of {document} are explained in its schema alone: infractl schema --of {document}")
    root, style = root_of(document), style_of(sys.stdout)
    if not path:
        sys.stdout.write(document_text(document, doc_of(root), entries_of(root), style))
        return
    entry = look_up(root, path)
    if entry is None and document is Document.project and (told := _setting(path)):
        sys.stdout.write(told)
        return
    if entry is None:
        raise _unknown(document, path, of)
    sys.stdout.write(field_text(document, entry, style))


def _setting(path: str) -> str:
    """What stands below a target that is called as its provider, such as targets.local.ports; nothing where nothing does."""
    from infractl.provider import registry

    first, *keys = path.split(".")
    if first != "targets" or len(keys) < 2 or keys[0] not in registry.names():
        return ""
    from infractl.cli.terminal import style_of
    from infractl.provider.setting import look_up, settings_of
    from infractl.report.field_text import setting_text

    found = look_up(settings_of(registry.load(keys[0]).settings), tuple(keys[1:]))
    return setting_text(path, found, keys[0], style_of(sys.stdout)) if found else ""


def root_of(document: Document) -> type:
    from infractl.spec.environment.document import Environment
    from infractl.spec.project import Project
    from infractl.spec.service import InferenceService

    return {Document.service: InferenceService, Document.project: Project, Document.environment: Environment}[document]


def _unknown(document: Document, path: str, of: Document | None) -> UsageError:
    """A field of this name elsewhere is likelier meant than one that is only spelled like it. It is named without --of."""
    from infractl.errors import UsageError
    from infractl.spec.schema.entry import keys_of
    from infractl.spec.telling.suggest import closest

    keys, known = keys_of(path), _known()
    same = [name for name, found in known.items() if found[-len(keys) :] == keys]
    near = next(iter(same), None) or closest(path if document is Document.service else f"{document}.{path}", known)
    without = f" infractl schema {near} explains it, without --of" if of else ""
    return UsageError.of(
        "unknown-field",
        summary="there is no such field",
        detail=f"{path} is not a field of {document} documents",
        remedy=_hint(document, keys)
        or (f"did you mean {near}?{without}" if near else f"infractl schema {document} lists what there is"),
    )


def _hint(document: Document, keys: tuple[str, ...]) -> str:
    """Below a target there are settings of its provider, which are known by the provider's name alone."""
    from infractl.provider import registry

    if document is Document.project and keys[:1] == ("targets",) and len(keys) > 1:
        return f"a provider's settings stand under its own name: infractl schema project.targets.{'|'.join(registry.names())}.KEY"
    return ""


def _known() -> dict[str, tuple[str, ...]]:
    """Every field of every document, as it is asked for here."""
    from infractl.spec.schema.entry import entries_within

    known = dict[str, tuple[str, ...]]()
    for document in WRITTEN_BY_USERS:
        prefix = "" if document is Document.service else f"{document}."
        known |= {f"{prefix}{'.'.join(e.keys)}": e.keys for e in entries_within(root_of(document))}
    return known
