"""Whether this version can serve what a document declares. What it declares may be right and still have to wait."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from infractl.errors import Diagnostic, InfractlError, ModelError, Severity
from infractl.provider import registry
from infractl.spec.load import LoadedService
from infractl.spec.section.model import Format
from infractl.workflows.place_language import is_language
from infractl.workflows.workspace import Workspace


def model_file(loaded: LoadedService) -> Path:
    """The one ONNX file that the service serves. Raises ModelError with every reason why it cannot be served yet."""
    reasons = tuple(_reasons(loaded))
    if reasons or loaded.model_path is None:
        raise ModelError(*reasons)
    return loaded.model_path


def servable_file(workspace: Workspace, loaded: LoadedService) -> Path:
    """As `model_file`, for targets none of which only plans. Raises ModelError."""
    if loaded.service.spec.mode == "realtime" and is_language(loaded):
        raise ModelError(_language(workspace, loaded))
    return model_file(loaded)


def _language(workspace: Workspace, loaded: LoadedService) -> Diagnostic:
    mine = ", ".join(opened.target.name for opened in workspace.targets_of(loaded))
    declared = [name for name in workspace.loaded.project.targets if not workspace.target(name).provider.kinds]
    if declared:
        remedy = f"plan it where that is possible so far: spec.targets: [{', '.join(declared)}]"
    else:
        remedy = f"plan it at a target of a provider that only plans so far ({', '.join(_planning())}), or serve a model in ONNX"
    return _reason(loaded, "spec.model.uri", f"a language model, which no target of the service can serve yet: {mine}", remedy)


def _planning() -> Iterator[str]:
    """Installed providers that apply nothing yet."""
    for name in registry.names():
        with suppress(InfractlError):
            if not registry.load(name).kinds:
                yield name


def _reasons(loaded: LoadedService) -> Iterator[Diagnostic]:
    spec = loaded.service.spec
    if spec.mode != "realtime":
        yield _reason(
            loaded, "spec.mode", f"the mode {spec.mode} is not served yet", "set spec.mode to realtime, or wait with this service"
        )
    if spec.model is None:
        yield _reason(
            loaded, "spec.models", "several models behind one service are not served yet", "declare one service for each model"
        )
        return
    if loaded.model_path is None:
        scheme = spec.model.uri.partition("://")[0]
        yield _reason(
            loaded,
            "spec.model.uri",
            f"{scheme}:// is not fetched yet",
            "copy the model into the project, and write its path: ./models/model.onnx",
        )
    elif (found := spec.model.actual_format) not in (Format.onnx, None):
        at = "spec.model.uri" if spec.model.format is Format.auto else "spec.model.format"
        yield _reason(
            loaded, at, f"the format {found} is not served yet", "export the model to ONNX, and name that file in spec.model.uri"
        )


def _reason(loaded: LoadedService, path: str, detail: str, remedy: str) -> Diagnostic:
    return Diagnostic(
        slug="not-served-yet",
        severity=Severity.error,
        summary="this version of infractl cannot serve this yet",
        detail=detail,
        at=loaded.mark(path) or loaded.mark("spec"),
        remedy=remedy,
    )
