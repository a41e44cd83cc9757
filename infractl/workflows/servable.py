"""Whether this version can serve what a document declares. What it declares may be right and still have to wait."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infractl.errors import Diagnostic, ModelError, Severity
from infractl.spec.load import LoadedService
from infractl.spec.section.model import Format


def model_file(loaded: LoadedService) -> Path:
    """The one ONNX file that the service serves. Raises ModelError with every reason why it cannot be served yet."""
    reasons = tuple(_reasons(loaded))
    if reasons or loaded.model_path is None:
        raise ModelError(*reasons)
    return loaded.model_path


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
