"""`init`: a commented starter for a model file. It reads from the model what it would otherwise ask."""

from __future__ import annotations

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
    """The files that were written, and the service's name."""

    service: str
    files: tuple[Path, ...]


def init(model: Path, directory: Path) -> Starter:
    """Write `SERVICE.yaml`, and `infractl.yaml` unless there is one. Raises ModelError; UsageError where a file is in the way."""
    profile = profile_onnx(model, model.resolve().parent)
    name = _name(model.stem)
    project = directory / "infractl.yaml"
    service = directory / f"{name}.yaml"
    if service.exists():
        raise UsageError.of(
            "file-exists",
            summary="init does not write over a file",
            detail=str(service),
            remedy="remove or rename it, or pass another directory with --out",
        )
    directory.mkdir(parents=True, exist_ok=True)
    written: list[tuple[Path, str]] = [(service, service_text(name, _uri(model, directory), profile))]
    if not project.exists():
        written.insert(0, (project, project_text(_name(directory.resolve().name))))
    for path, text in written:
        path.write_text(text, encoding="utf-8")
    return Starter(service=name, files=tuple(path for path, _ in written))


def project_text(name: str) -> str:
    return f"""\
# The project: the first part of every name that infractl gives.
project: {name}

# Where services may run. A target is a provider plus its settings; `local` is this machine.
targets:
  local:
    provider: local
    # ports: {{{name}: 8080}}    # a fixed port for a service; without it, any free one that is kept
"""


def service_text(name: str, uri: str, profile: ModelProfile) -> str:
    inputs, outputs = (_tensors(side) for side in (profile.signature.inputs, profile.signature.outputs))
    return f"""\
# {uri}: {profile.parameters:,} parameters, {format_bytes(profile.size_bytes)}
#   takes {inputs}
#   gives {outputs}
apiVersion: infractl.dev/v1
kind: InferenceService
metadata:
  name: {name}
  # labels: {{team: risk}}      # for people and cost reports

spec:
  model:
    uri: {uri}
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
    return ", ".join(f"{t.name} {t.dtype} [{', '.join(map(str, t.shape))}]" for t in tensors)


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
