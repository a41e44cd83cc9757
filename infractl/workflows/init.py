"""`init`: a commented starter for a model file. It reads from the model what it would otherwise ask."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infractl.domain.profile import ModelProfile
from infractl.errors import ModelError, UsageError
from infractl.profile.onnx import profile_onnx
from infractl.spec.find import PROJECT_FILE, exists, project_above, shown
from infractl.spec.suggest import as_name
from infractl.tensors import TensorSpec
from infractl.units import format_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """The files that were written; `document` is the service's."""

    service: str
    document: Path
    files: tuple[Path, ...]


def init(model: Path, directory: Path) -> Starter:
    """Write `SERVICE.yaml`, and `infractl.yaml` unless the directory is in a project already, which a second one would cut up.

    Raises ModelError, and UsageError where a file is in the way. Nothing is made before both are known to be fine.
    """
    project = project_above(directory)
    root = project.parent if project else directory
    profile = _profile(model, root)
    name = as_name(model.stem, "service")
    service = directory / f"{name}.yaml"
    texts = {service: service_text(name, _uri(model, directory), profile)}
    if project is None:
        texts[directory / PROJECT_FILE] = project_text(as_name(directory.resolve().name, "project"), name)
    _write(directory, texts)
    return Starter(service=name, document=service, files=tuple(texts))


def _profile(model: Path, root: Path) -> ModelProfile:
    """What `plan` will read of the model. Raises ModelError where it is not there, not in the project, or no sound model."""
    if not exists(model):
        raise ModelError.of(
            "model-missing",
            summary="there is no model file here",
            detail=f"{model} does not exist",
            at=str(model),
            remedy="pass the path of an ONNX file: infractl init MODEL",
        )
    if not model.resolve().is_relative_to(root.resolve()):
        raise UsageError.of(
            "model-outside-project",
            summary="the model is outside the project's directory",
            detail=f"{model} is not below {shown(root)}",
            remedy="copy the model into the directory, or pass a directory above it with --out",
        )
    return profile_onnx(model, root)


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


def project_text(name: str, service: str) -> str:
    return f"""\
# The project: the first part of every name that infractl gives.
project: {name}

# Where services may run. A target is a provider plus its settings; `local` is this machine.
targets:
  local:
    provider: local
    # ports: {{{service}: 8080}}    # a fixed port for a service; without it, any free one that is kept
"""


def service_text(name: str, uri: str, profile: ModelProfile) -> str:
    inputs, outputs = (_tensors(side) for side in (profile.signature.inputs, profile.signature.outputs))
    return f"""\
# {_comment(uri)}: {profile.parameters:,} parameters, {format_bytes(profile.size_bytes)}
#   takes {inputs}
#   gives {outputs}
apiVersion: infractl.dev/v1
kind: InferenceService
metadata:
  name: {name}
  # labels: {{team: risk}}      # for people and cost reports

spec:
  model:
    uri: {json.dumps(uri, ensure_ascii=False)}
    version: "1"              # your word for this version; a new one makes a new release

{_slo(profile)}
  # The load to plan for. Costs are expected at the average, the placement is made for the peak.
  traffic:
    average: 10/s
    peak: 50/s

  # budget: {{monthly: 100 USD}}        # needs a target with a price
  # hardware: {{classes: [cpu]}}        # cpu, gpu, tpu, neuron, serverless, edge; all by default
  # serving: {{batching: auto}}         # or off, or {{maxBatch: 8, maxDelay: 2ms}}
"""


def _slo(profile: ModelProfile) -> str:
    if profile.uncosted:
        names = ", ".join(operator for operator, _ in profile.uncosted)
        return f"""\
  # No SLO can be promised for this model yet: the cost of some of its operators is not known ({names}).
  # slo: {{latency: {{p99: 50ms}}, throughput: 50/s}}
"""
    return """\
  # What the service must keep. plan refuses what no placement can meet, and says what would be near.
  slo:
    latency:
      p99: 50ms               # also p50, p95
    throughput: 50/s
"""


def _tensors(tensors: Sequence[TensorSpec]) -> str:
    return _comment(", ".join(f"{t.name} {t.dtype} [{', '.join(map(str, t.shape))}]" for t in tensors))


def _comment(text: str) -> str:
    """Fit for a comment: a name from a model may hold anything."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _uri(model: Path, directory: Path) -> str:
    """The model's path as the document says it: relative to the document's directory."""
    path = os.path.relpath(model.resolve(), directory.resolve())
    return path if path.startswith("../") else f"./{path}"
