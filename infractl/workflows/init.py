"""`init`: writes a commented starter for a model. What the starter says is in `starter`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infractl.errors import ModelError, UsageError
from infractl.spec.find import PROJECT_FILE, exists, is_file, project_above, shown
from infractl.spec.telling.suggest import as_name
from infractl.workflows.starter import learned, project_text, service_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """The files that were written; `document` is the service's. `served` says whether this version can serve the model."""

    service: str
    document: Path
    files: tuple[Path, ...]
    served: bool


def init(model: Path, directory: Path) -> Starter:
    """Write `SERVICE.yaml`, and `infractl.yaml` unless the directory is in a project already, which a second one would cut up.

    Raises ModelError, and UsageError where a file is in the way. Nothing is made before both are known to be fine.
    """
    project = project_above(directory)
    if project and not is_file(project):
        raise _exists(project)
    root = project.parent if project else directory
    _check(model, root)
    name = as_name(model.stem, "service")
    service = directory / f"{name}.yaml"
    known = learned(model, root)
    texts = {service: service_text(name, _uri(model, directory), known)}
    if project is None:
        texts[directory / PROJECT_FILE] = project_text(as_name(directory.resolve().name, "project"), name)
    _write(directory, texts)
    return Starter(service=name, document=service, files=tuple(texts), served=known.profile is not None)


def _check(model: Path, root: Path) -> None:
    """Raises ModelError where the model is not there, UsageError where it is not in the project."""
    if not exists(model):
        raise ModelError.of(
            "model-missing",
            summary="there is no model file here",
            detail=f"{model} does not exist",
            at=str(model),
            remedy="pass the path of a model's file, or of a directory with a config.json: infractl init MODEL",
        )
    if not model.resolve().is_relative_to(root.resolve()):
        raise UsageError.of(
            "model-outside-project",
            summary="the model is outside the project's directory",
            detail=f"{model} is not below {shown(root)}",
            remedy="copy the model into the directory, or pass a directory above it with --out",
        )


def _write(directory: Path, texts: Mapping[Path, str]) -> None:
    """Every file, or none where one of them is there already."""
    in_the_way = next((path for path in texts if os.path.lexists(path)), None)
    if directory.exists() and not directory.is_dir():
        in_the_way = directory
    if in_the_way:
        raise _exists(in_the_way)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except FileExistsError as error:
        raise _exists(Path(error.filename)) from None
    except OSError as error:
        raise UsageError.of(
            "file-not-written",
            summary="the starter cannot be written",
            detail=f"{error.filename or directory}: {error.strerror}",
            remedy="pass another directory with --out",
        ) from None


def _exists(path: Path) -> UsageError:
    return UsageError.of(
        "file-exists",
        summary="init does not write over a file",
        detail=str(path),
        remedy="remove or rename it, or pass another directory with --out",
    )


def _uri(model: Path, directory: Path) -> str:
    """The model's path as the document says it: relative to the document's directory."""
    path = os.path.relpath(model.resolve(), directory.resolve())
    return path if path.startswith("../") else f"./{path}"
