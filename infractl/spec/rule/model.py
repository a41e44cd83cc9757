"""Rules about models: that there is one, and that its uri, its format and its container belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from infractl.errors import Diagnostic
from infractl.spec.find import SCHEME, is_directory, is_file
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.section.model import Format, Model
from infractl.spec.telling.conceal import tells_a_secret
from infractl.spec.telling.problem import error, warning
from infractl.spec.telling.suggest import written
from infractl.spec.validate import dotted


def no_model(subject: Subject) -> Iterator[Diagnostic]:
    """A service serves a model, or several by name."""
    several = subject.document.node(("spec", "models"))
    if not subject.says("model") and (several is None or several.value == {}):
        yield error(
            "no-model",
            "the service has no model",
            "neither spec.model nor spec.models names one",
            subject.key_mark("models"),
            "add spec.model with its uri and version, or spec.models with one such section for each name",
        )


def model_and_models(subject: Subject) -> Iterator[Diagnostic]:
    """One model answers under the service's own name, several under their own names: never both."""
    if subject.says("model") and subject.says("models"):
        yield error(
            "model-and-models",
            "a service has one model and several",
            "spec.model and spec.models are both given",
            subject.key_mark("model"),
            "move the model into spec.models under a name of its own, or remove spec.models",
        )


def format_unfit(subject: Subject) -> Iterator[Diagnostic]:
    """What the format says and what the uri says must be the same thing."""
    for path, model in subject.models.items():
        if subject.is_sure(model.format, *path, "format") and (found := _contradiction(subject, model)):
            key, detail, remedy = found
            yield error(
                "format-unfit",
                "a model's format and its uri contradict each other",
                detail,
                subject.mark(*path, key),
                remedy,
            )


def _contradiction(subject: Subject, model: Model) -> tuple[str, str, str] | None:
    """The key to change, what is contradicted, and what to do."""
    uri, declared = model.uri, model.format
    image = uri.startswith("oci://")
    if declared is Format.container and not SCHEME.match(uri):
        whole = f"oci://{uri}" if ":" in uri else "oci://REGISTRY/IMAGE:TAG"
        return (
            "uri",
            "the format is container, and this names no image",
            f"write the image as {written(whole)}, or another format",
        )
    by_ending = None if image else Model(uri=uri, version=model.version).actual_format
    if declared is not Format.auto and by_ending and (declared is Format.onnx) != (by_ending is Format.onnx):
        noun = "directory" if declared is Format.huggingface else "file"
        return "format", f"{written(uri)} ends as {by_ending} does", f"write format: {by_ending}, or name the {declared} {noun}"
    place = subject.place(uri)
    if declared is Format.huggingface and place and subject.contains(place) and is_file(place):
        return "uri", f"{written(uri)} is a file", "name the directory that has its config.json, or another format"
    return None


_ENDING = re.compile(r"[^/]\.[A-Za-z][A-Za-z0-9]{0,15}$")

_CONVERSIONS = {
    ".safetensors": "name the directory that has its config.json: a huggingface model is a directory",
    ".bin": "name the directory that has its config.json, or say what it is: format: xgboost or lightgbm",
    ".json": "say what it is: format: xgboost",
    ".model": "say what it is: format: xgboost",
    ".txt": "say what it is: format: lightgbm",
    ".pt": "export it with torch.export.save to .pt2, or with torch.onnx.export to .onnx, and name that file",
    ".pth": "export it with torch.export.save to .pt2, or with torch.onnx.export to .onnx, and name that file",
    ".ckpt": "export it with torch.export.save to .pt2, or with torch.onnx.export to .onnx, and name that file",
    ".h5": "convert it to ONNX with tf2onnx, and name that file",
    ".keras": "convert it to ONNX with tf2onnx, and name that file",
    ".pb": "convert it to ONNX with tf2onnx, and name that file",
    ".gz": "unpack it, and name the model itself: archives are not opened",
    ".tgz": "unpack it, and name the model itself: archives are not opened",
    ".tar": "unpack it, and name the model itself: archives are not opened",
    ".zip": "unpack it, and name the model itself: archives are not opened",
    ".tflite": "convert it to ONNX with tf2onnx, and name that file",
}
"""What to do with files of other tools, by their endings."""


def format_unknown(subject: Subject) -> Iterator[Diagnostic]:
    """Where the name does not tell the format, guessing from the content would be a surprise."""
    for path, model in subject.models.items():
        if model.actual_format is not None or not subject.is_sure(model.format, *path, "format"):
            continue
        known = ", ".join(f for f in Format if f is not Format.auto)
        ending = PurePosixPath(model.uri).suffix.lower()
        if model.uri.startswith("oci://"):
            detail, remedy = (
                "a registry holds images and models",
                "write format: container for an image of your own, or format: onnx",
            )
        elif _names_a_file(subject, model.uri):
            detail = f"{ending} is not the ending of a known format" if ending else f"{written(model.uri)} has no ending"
            remedy = _CONVERSIONS.get(ending, f"say what it is with {dotted(path)}.format: {known}")
            if PurePosixPath(model.uri).name == "config.json":
                remedy = "name its directory: a huggingface model is the directory of its config.json"
        else:
            continue
        yield error("format-unknown", "the model's name does not tell its format", detail, subject.mark(*path, "uri"), remedy)


_TREES = (Format.sklearn, Format.xgboost, Format.lightgbm)
"""Formats of models that give no tokens. An ONNX file or an image may be a language model."""


def tokens_without_language_model(subject: Subject) -> Iterator[Diagnostic]:
    """A warning: a pipeline of scikit-learn may end in anything, though hardly in tokens."""
    formats = [m.actual_format for path, m in subject.models.items() if subject.is_sure(m.format, *path, "format")]
    if formats and all(found in _TREES for found in formats) and len(formats) == len(subject.uris):
        for key in ("ttft", "tpot", "tokenThroughput"):
            if subject.says("slo", key):
                yield warning(
                    "tokens-without-language-model",
                    "a model that gives no tokens has a limit for them",
                    f"slo.{key} is for language models, and the format is {formats[0]}",
                    subject.key_mark("slo", key),
                    "limit whole answers: slo.latency and slo.throughput",
                )


def container_without_image(subject: Subject) -> Iterator[Diagnostic]:
    """Ports, routes and needs are asked of an image of your own; all other models are served by infractl's server."""
    for path, model in subject.models.items():
        if not subject.says(*path, "container") or not subject.is_sure(model.format, *path, "format"):
            continue
        found = model.actual_format
        place = None if found else subject.place(model.uri)
        if found not in (None, Format.container) or (place and is_directory(place)):
            yield error(
                "container-without-image",
                "a model that is no image has a section for containers",
                f"{written(model.uri)} has the format {found or Format.huggingface}",
                subject.key_mark(*path, "container"),
                "remove the section, or name an image: uri: oci://REGISTRY/IMAGE:TAG",
            )


def _names_a_file(subject: Subject, uri: str) -> bool:
    """In an object store only the ending tells: without one, or with a number's as in llama-3.1, it may be a directory."""
    if place := subject.place(uri):
        return is_file(place)
    return uri.startswith(("s3://", "gs://")) and bool(_ENDING.search(uri))


def digest_without_file(subject: Subject) -> Iterator[Diagnostic]:
    """A sha256 is of one file; an image is pinned in its uri, a directory has many files."""
    for path, model in subject.models.items():
        if model.sha256 is None or not subject.is_sure(model.uri, *path, "uri"):
            continue
        image = model.uri.startswith("oci://")
        if image or model.uri.endswith("/") or model.actual_format is Format.huggingface:
            yield error(
                "digest-without-file",
                "a digest is given of what is no single file",
                f"{written(model.uri)} is {'an image' if image else 'a directory'}",
                subject.mark(*path, "sha256"),
                "pin the image in its uri: oci://REGISTRY/IMAGE@sha256:..." if image else "remove it, or name a single file",
            )


def secret_in_plain_text(subject: Subject) -> Iterator[Diagnostic]:
    """A warning, since only the variable's name tells. The value is shown nowhere: not in the snippet either."""
    for path, model in subject.models.items():
        for name, value in model.container.env.items():
            if isinstance(value, str) and value and tells_a_secret(name, value):
                yield warning(
                    "secret-in-plain-text",
                    "an environment variable seems to hold a secret in plain text",
                    f"everybody who reads this file can read {name}",
                    subject.key_mark(*path, "container", "env", name),
                    f"keep it elsewhere and say where: {name}: {{env: {name}}}, or {{secret: NAME}} of the target's secret store",
                )


RULES: tuple[Rule, ...] = (
    no_model,
    model_and_models,
    format_unfit,
    format_unknown,
    container_without_image,
    digest_without_file,
    tokens_without_language_model,
    secret_in_plain_text,
)
