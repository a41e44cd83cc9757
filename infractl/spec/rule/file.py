"""Rules about files and uris: models and data exist, lie in the project, and are of a sort that can be read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from infractl.errors import Diagnostic
from infractl.spec.find import SCHEME, is_directory, is_file, locate, neighbours, shown
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.section.model import ENDINGS, Format
from infractl.spec.section.optimize import Distillation
from infractl.spec.telling.problem import error
from infractl.spec.telling.spelling import unusual_character
from infractl.spec.telling.suggest import closest, written
from infractl.spec.yaml.document import Path as Keys

_DATA_ENDINGS = (".npz", ".npy", ".csv", ".parquet")


class Data(NamedTuple):
    """A place where data is read, and what it is read for."""

    path: Keys
    uri: str


def uri_scheme(subject: Subject) -> Iterator[Diagnostic]:
    """Models and data are read from the project and from object stores; images from registries."""
    models = [(path, uri, ("s3", "gs", "oci")) for path, uri in _model_uris(subject)]
    others = [(data.path, data.uri, ("s3", "gs")) for data in (*data_of(subject), *_results(subject))]
    for path, uri, known in (*models, *others):
        found = SCHEME.match(uri)
        scheme = found[0].removesuffix("://") if found else None
        if scheme is not None and scheme not in known:
            yield error(
                "uri-scheme",
                "a uri has a scheme that nothing is read from",
                f"{scheme}:// is not one of {', '.join(f'{k}://' for k in known)}",
                subject.mark(*path),
                _other_scheme(scheme, uri, known),
            )


def uri_incomplete(subject: Subject) -> Iterator[Diagnostic]:
    """`s3://` needs a bucket and `oci://` a registry."""
    models = [(path, uri) for path, uri in _model_uris(subject)]
    for path, uri in (*models, *((d.path, d.uri) for d in (*data_of(subject), *_results(subject)))):
        if (found := SCHEME.match(uri)) and not uri[found.end() :].strip("/"):
            yield error(
                "uri-incomplete",
                "a uri ends behind its scheme",
                f"{written(uri)} names nothing",
                subject.mark(*path),
                f"write what it leads to: {found[0]}{'REGISTRY/IMAGE:TAG' if found[0] == 'oci://' else 'BUCKET/KEY'}",
            )


def model_outside_project(subject: Subject) -> Iterator[Diagnostic]:
    """Symlinks are followed: what a link names may lie anywhere."""
    for path, uri in _model_uris(subject):
        place = subject.place(uri)
        if place and not subject.contains(place):
            yield error(
                "model-outside-project",
                "the model's path leaves the project",
                f"it leads to {shown(place)}",
                subject.mark(*path),
                f"move the model below {shown(subject.root)}, or infractl.yaml to a directory above both",
            )


def model_missing(subject: Subject) -> Iterator[Diagnostic]:
    """A model is a file of a known format, or a directory as Hugging Face writes it, with a config.json."""
    for path, uri in _model_uris(subject):
        if _elsewhere(subject, uri):
            continue
        place = subject.place(uri)
        model = subject.models.get(path[:-1])
        whole = model is None or model.format in (Format.auto, Format.huggingface)
        if place and (is_file(place) or (whole and is_directory(place) and is_file(place / "config.json"))):
            continue
        if place and is_directory(place):
            detail, remedy = f"{shown(place)} is a directory", _file_in(uri, place)
        else:
            detail, remedy = f"there is no file {shown(place) if place else written(uri)}", _correction(subject, uri, "model")
        yield error("model-missing", "the model's path names no file", detail, subject.mark(*path), remedy)


def data_outside_project(subject: Subject) -> Iterator[Diagnostic]:
    """Data is put into the plan's digests and sent to others: only what lies in the project is."""
    for path, uri in data_of(subject):
        place = subject.place(uri)
        if place and not subject.contains(place):
            yield error(
                "data-outside-project",
                "the path of data leaves the project",
                f"it leads to {shown(place)}",
                subject.mark(*path),
                f"copy the data below {shown(subject.root)}, or put it into an object store and write its s3:// or gs://",
            )


def data_missing(subject: Subject) -> Iterator[Diagnostic]:
    """Whether the data fits the model is plan's to say; that it is there is known already."""
    for path, uri in data_of(subject):
        place = subject.place(uri)
        if _elsewhere(subject, uri) or (place and is_file(place)):
            continue
        if place and is_directory(place):
            detail, remedy = f"{shown(place)} is a directory", "name one file in it"
        else:
            detail, remedy = f"there is no file {shown(place) if place else written(uri)}", _correction(subject, uri, "data")
        yield error("data-missing", "the path of data names no file", detail, subject.mark(*path), remedy)


def data_format(subject: Subject) -> Iterator[Diagnostic]:
    """The ending tells how data is read. A folder of an object store has none."""
    for path, uri in data_of(subject):
        ending = PurePosixPath(uri).suffix.lower()
        if ending and ending not in _DATA_ENDINGS and not (SCHEME.match(uri) and uri.endswith("/")):
            yield error(
                "data-format",
                "data is in a format that is not read",
                f"{ending} is not one of {', '.join(_DATA_ENDINGS)}",
                subject.mark(*path),
                "save it as npz with one array for each input of the model, or as csv or parquet with one column for each",
            )


def data_of(subject: Subject) -> Iterator[Data]:
    """Every place where data about a model is read."""
    for path, model in subject.models.items():
        if model.validation:
            yield Data((*path, "validation", "data"), model.validation.data)
        if model.calibration:
            yield Data((*path, "calibration", "data"), model.calibration.data)
    distillation = subject.spec.optimize.passes.distillation
    if isinstance(distillation, Distillation) and distillation.data:
        yield Data(("optimize", "passes", "distillation", "data"), distillation.data)
    if subject.spec.monitoring.shift:
        yield Data(("monitoring", "shift", "reference"), subject.spec.monitoring.shift.reference)


def _results(subject: Subject) -> Iterator[Data]:
    """Where requests are read and answers are written: what is there changes."""
    if subject.spec.async_:
        yield Data(("async", "output"), subject.spec.async_.output)
    if subject.spec.batch:
        yield Data(("batch", "input"), subject.spec.batch.input)
        yield Data(("batch", "output"), subject.spec.batch.output)


def _model_uris(subject: Subject) -> Iterator[tuple[Keys, str]]:
    """The uris of models with their places; what is to be a container and is no uri is for `format_unfit`."""
    for path, uri in subject.uris.items():
        model = subject.models.get(path)
        if not (model and model.format is Format.container and not SCHEME.match(uri)):
            yield (*path, "uri"), uri


def _elsewhere(subject: Subject, uri: str) -> bool:
    """Whether another rule speaks of it."""
    place = subject.place(uri)
    return bool(SCHEME.match(uri)) or bool(place and not subject.contains(place))


def _other_scheme(scheme: str, uri: str, known: tuple[str, ...]) -> str:
    rest = uri[len(scheme) + 3 :]
    renamed = {"gcs": "gs", "docker": "oci", "s3a": "s3", "s3n": "s3"}.get(scheme.lower(), scheme.lower())
    if renamed in known:
        return f"did you mean {renamed}://{rest}?"
    match scheme.lower():
        case "file":
            return "write the path without the scheme, relative to this document"
        case "http" | "https":
            return f"download it into the project and write its path, or copy it to {' or '.join(f'{k}://' for k in known[:2])}"
        case "hf" | "huggingface":
            return "download the model into a directory of the project, and write that directory's path"
        case _:
            return f"copy it into the project and write its path, or to {' or '.join(f'{k}://' for k in known[:2])}"


def _file_in(uri: str, place: Path) -> str:
    """The model file of a directory, where there is one alone, or the format that is a directory."""
    if is_file(place / "config.json"):
        return "write format: huggingface: it has a config.json"
    models = [name for name in neighbours(place / "any") if name.endswith(tuple(ENDINGS))]
    if len(models) == 1:
        return f"did you mean {uri.rstrip('/')}/{models[0]}?"
    return "name the model file in it; a huggingface directory has a config.json"


def _correction(subject: Subject, uri: str, noun: str) -> str:
    """What was probably meant by a path where nothing is: only then is a directory listed."""
    for slip in _SLIPS:
        if remedy := slip(subject, uri):
            return remedy
    place = subject.place(uri)
    if near := closest(place.name, neighbours(place)) if place else None:
        return f"did you mean {uri[: uri.rfind('/') + 1]}{near}?"
    return f"put the {noun} there, or correct the path: it starts beside this document"


def _half_a_scheme(subject: Subject, uri: str) -> str | None:
    scheme, colon, rest = uri.partition(":")
    if colon and scheme.lower() in ("s3", "gs", "oci"):
        whole = f"{scheme.lower()}://{rest.lstrip('/')}"
        return f"did you mean {whole}?"
    return None


def _backslashes(subject: Subject, uri: str) -> str | None:
    return f"did you mean {uri.replace(chr(92), '/')}? paths are written with /" if "\\" in uri else None


def _variables(subject: Subject, uri: str) -> str | None:
    if uri.startswith(("~", "$")) or "$(" in uri or "{{" in uri:
        return "write the path itself, relative to this document: ~, templates and a shell's variables are not replaced"
    return None


def _from_the_root(subject: Subject, uri: str) -> str | None:
    place = locate(uri, subject.root)
    if place and subject.root != subject.directory and subject.contains(place) and is_file(place):
        return f"did you mean {os.path.relpath(place, subject.directory.resolve())}? paths start beside this document"
    return None


def _unusual(subject: Subject, uri: str) -> str | None:
    return unusual_character(uri)


_SLIPS: tuple[Callable[[Subject, str], str | None], ...] = (_half_a_scheme, _backslashes, _variables, _from_the_root, _unusual)


RULES: tuple[Rule, ...] = (
    uri_scheme,
    uri_incomplete,
    model_outside_project,
    model_missing,
    data_outside_project,
    data_missing,
    data_format,
)
