"""`profile`: what a model's file says that it costs. No project is needed; inside one, a model's data may lie anywhere in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from infractl.domain.language_profile import LanguageProfile
from infractl.domain.profile import ModelProfile
from infractl.errors import ModelError, UsageError
from infractl.profile.huggingface import CONFIG, profile_huggingface
from infractl.profile.onnx import profile_onnx
from infractl.spec.find import exists, is_directory, project_above
from infractl.spec.telling.suggest import did_you_mean

MOST = 1_000_000_000
"""No axis is longer. What costs follow from has a handful of factors, so that no product of sizes leaves what a float holds."""

_SIZE = re.compile(r"\s*([^=,\s][^=,]*?)\s*=\s*([^=,]*?)\s*")
_WHOLE = re.compile(r"[0-9]{1,12}")


def profile(model: Path) -> ModelProfile | LanguageProfile:
    """Of an ONNX file, or of a directory with a Hugging Face config.json or that file. Raises ModelError."""
    if not exists(model):
        raise ModelError.of(
            "model-missing",
            summary="there is no model file here",
            detail=f"{model} does not exist",
            at=str(model),
            remedy="pass the path of an ONNX file, or of a directory with a config.json: infractl profile MODEL",
        )
    if is_directory(model):
        _check_directory(model)
        return profile_huggingface(model)
    if model.name == CONFIG:
        return profile_huggingface(model)
    if model.suffix == ".safetensors":
        raise ModelError.of(
            "model-unreadable",
            summary="the model cannot be read",
            detail=f"{model.name} holds weights, and not what is computed with them",
            at=str(model),
            remedy=f"name the directory that has its config.json: infractl profile {model.parent}",
        )
    project = project_above(model)
    return profile_onnx(model, project.parent if project else model.absolute().parent)


def dimensions_of(known: ModelProfile | LanguageProfile) -> tuple[str, ...]:
    """What may be given a size: a model's dynamic axes; of a language model the sequences, the tokens read and those kept."""
    if isinstance(known, ModelProfile):
        return known.dimensions
    return ("batch", "prompt", "context") if known.model.generates else ("batch", "sequence")


def sizes(text: str | None, dimensions: Sequence[str]) -> Mapping[str, int]:
    """`batch=8,sequence=128` as a mapping, for some or all dimensions. Raises UsageError with what is wrong in it."""
    found: dict[str, int] = {}
    for part in text.split(",") if text else ():
        match = _SIZE.fullmatch(part)
        if match is None:
            raise _wrong(
                f"{part.strip() or 'an empty part'} is no dimension with a size", "write it as --at batch=8,sequence=128"
            )
        name, size = match.groups()
        if name not in dimensions:
            otherwise = "this model has" if dimensions else "this model has no dynamic dimensions: leave --at out"
            raise _wrong(f"{name} is no dimension of this model", did_you_mean(name, dimensions, otherwise))
        if name in found:
            raise _wrong(f"{name} is given twice", "give each dimension one size")
        if not _WHOLE.fullmatch(size) or not 1 <= int(size) <= MOST:
            raise _wrong(f"{name} is {size or 'empty'}", f"a size is a whole number from 1 to {MOST:,}: --at {name}=8")
        found[name] = int(size)
    return found


def _check_directory(model: Path) -> None:
    """Raises ModelError where it has no config.json, and names the ONNX file where there is exactly one."""
    if exists(model / CONFIG):
        return
    files = sorted(path.name for path in model.glob("*.onnx"))[:2]
    raise ModelError.of(
        "model-unreadable",
        summary="the model cannot be read",
        detail=f"{model} is a directory without a {CONFIG}",
        at=str(model),
        remedy=f"name the file: infractl profile {model / files[0]}"
        if len(files) == 1
        else "name a model's file, or a directory that has a Hugging Face config.json",
    )


def _wrong(detail: str, remedy: str) -> UsageError:
    return UsageError.of(
        "dimension-size", summary="--at does not give sizes of this model's dimensions", detail=detail, remedy=remedy
    )
