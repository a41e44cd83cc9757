"""`init`: a commented starter for a model file. It reads from the model what it would otherwise ask."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infractl.domain.profile import ModelProfile
from infractl.errors import UsageError
from infractl.profile.onnx import profile_onnx
from infractl.tensors import TensorSpec
from infractl.units import format_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """The files that were written; `document` is the service's."""

    service: str
    document: Path
    files: tuple[Path, ...]


def init(model: Path, directory: Path) -> Starter:
    """Write `SERVICE.yaml`, and `infractl.yaml` unless there is one. Raises ModelError; UsageError where a file is in the way."""
    profile = profile_onnx(model, model.resolve().parent)
    name = _name(model.stem)
    project, service = directory / "infractl.yaml", directory / f"{name}.yaml"
    texts = {service: service_text(name, _uri(model, directory), profile)}
    if not _in_project(directory):
        texts[project] = project_text(_name(directory.resolve().name), name)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
    except FileExistsError:
        raise UsageError.of(
            "file-exists",
            summary="init does not write over a file",
            detail=str(service if directory.is_dir() else directory),
            remedy="remove or rename it, or pass another directory with --out",
        ) from None
    except OSError as error:
        raise UsageError.of(
            "file-not-written",
            summary="the starter cannot be written",
            detail=f"{error.filename or directory}: {error.strerror}",
            remedy="pass another directory with --out",
        ) from None
    return Starter(service=name, document=service, files=tuple(texts))


def _in_project(directory: Path) -> bool:
    """Whether the directory belongs to a project already; a second infractl.yaml would cut it off."""
    here = directory.resolve()
    return any((folder / "infractl.yaml").exists() for folder in (here, *here.parents))


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


def _name(text: str) -> str:
    """A valid name that is as near to the text as can be."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return (name if name[:1].isalpha() else f"service-{name}".rstrip("-"))[:40].rstrip("-")


def _uri(model: Path, directory: Path) -> str:
    resolved, root = model.resolve(), directory.resolve()
    if not resolved.is_relative_to(root):
        raise UsageError.of(
            "model-outside-project",
            summary="the model is outside the project's directory",
            detail=f"{model} is not below {directory}",
            remedy="copy the model into the directory, or pass a directory above it with --out",
        )
    return f"./{resolved.relative_to(root)}"
