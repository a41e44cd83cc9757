"""What `init` writes: documents whose comments teach, and that say what can be read from the model instead of asking for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infractl.domain.language_profile import LanguageProfile
from infractl.domain.profile import ModelProfile
from infractl.errors import ModelError
from infractl.profile.huggingface import CONFIG, profile_huggingface
from infractl.profile.language.config import read_config
from infractl.profile.onnx import profile_onnx
from infractl.report.amount_text import parameters_text
from infractl.spec.find import is_directory
from infractl.spec.section.model import Format, Model
from infractl.tensors import TensorSpec
from infractl.units import format_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What the model's file says of itself. `profile` is there for ONNX alone.

    `config` is there for a directory with a config.json, and `language` as well where its architecture is known.
    """

    format: Format
    profile: ModelProfile | None = None
    config: Mapping[str, object] | None = None
    language: LanguageProfile | None = None

    @property
    def generates(self) -> bool:
        """Whether it is asked for tokens. What a config does not tell is taken for a model that generates text."""
        return self.config is not None and (self.language is None or self.language.model.generates)


def learned(model: Path, root: Path) -> Learned:
    """Raises ModelError where a model is none: an ONNX file that cannot be read, a directory without a config.json."""
    if is_directory(model):
        config, _ = read_config(model / CONFIG)
        return Learned(format=Format.huggingface, config=config, language=_language(model))
    told = Model(uri=model.name, version="1").actual_format
    if told not in (None, Format.onnx):
        return Learned(format=told)
    try:
        return Learned(format=Format.onnx, profile=profile_onnx(model, root))
    except ModelError:
        if told is Format.onnx:
            raise
        raise ModelError.of(
            "format-unknown",
            summary="the model's name does not tell its format",
            detail=f"{model.name} is no ONNX file, and its ending is not that of a known format",
            at=str(model),
            remedy="export it to ONNX, or write a service by hand and say what it is with spec.model.format",
        ) from None


def _language(directory: Path) -> LanguageProfile | None:
    """None where the architecture is not known or the sizes are not sound: such a service may be declared all the same."""
    try:
        return profile_huggingface(directory)
    except ModelError:
        return None


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


def service_text(name: str, uri: str, model: Learned) -> str:
    return f"""\
{"".join(f"# {line}" + chr(10) for line in _facts(uri, model))}\
# Every field, explained: infractl schema spec, or one of them: infractl schema spec.slo.latency
apiVersion: infractl.dev/v1
kind: InferenceService
metadata:
  name: {name}
  # labels: {{team: risk}}              # for people and cost reports

spec:
  model:
    uri: {json.dumps(uri, ensure_ascii=False)}
    version: "1"                      # your word for this version; a new one makes a new release
    {_FORMAT.get(model.format, f"format: {model.format}")}
{_slo(model)}
  # The load to plan for. Costs are expected at the average, the placement is made for the peak.
  traffic:
{_TOKENS if model.generates else _REQUESTS}
  # budget: {{monthly: 100 USD}}        # needs a target with a price
  # rollout: {{strategy: canary, steps: [5%, 25%, 100%], rollbackOn: {{errorRate: 1%}}}}
  # lifecycle: {{protect: true}}        # destroy refuses it then
"""


_REQUESTS = """\
    average: 10/s
    peak: 50/s

  # hardware: {classes: [cpu]}        # cpu, gpu, tpu, neuron, serverless, edge; all by default
  # serving: {batching: auto}         # or off, or {maxBatch: 8, maxDelay: 2ms}"""

_TOKENS = """\
    average: 1/s
    peak: 4/s
    shapes: {prompt: 500, output: 200} # tokens of a usual request and its answer

  # hardware: {classes: [gpu]}        # cpu, gpu, tpu, neuron, serverless, edge; all by default"""

_FORMAT = {Format.onnx: '# sha256: ""                      # pins the file: what `sha256sum` prints for it'}


def _facts(uri: str, model: Learned) -> Iterator[str]:
    if model.profile is not None:
        inputs, outputs = (_tensors(side) for side in (model.profile.signature.inputs, model.profile.signature.outputs))
        yield f"{_comment(uri)}: {model.profile.parameters:,} parameters, {format_bytes(model.profile.size_bytes)}"
        yield f"  takes {inputs}"
        yield f"  gives {outputs}"
        return
    if model.language is not None:
        yield from _language_facts(uri, model.language)
    else:
        yield _config_facts(uri, model)
    yield f"This version of infractl checks such a service ({model.format}), and cannot serve it yet."


def _language_facts(uri: str, known: LanguageProfile) -> Iterator[str]:
    model = known.model
    parameters = f"{parameters_text(known.parameters)} parameters, {format_bytes(known.weight_bytes)}"
    yield _comment(f"{uri}: {model.family}, {parameters}")
    if model.generates:
        longest = f"; made for {model.context:,} tokens" if model.context else ""
        yield f"  keeps {format_bytes(model.kv_bytes_per_token())} of cache a token{longest}"


def _config_facts(uri: str, model: Learned) -> str:
    named = {
        "model_type": "",
        "num_hidden_layers": " layers",
        "hidden_size": " wide",
        "max_position_embeddings": " tokens at most",
    }
    config = model.config or {}
    facts = [f"{config[key]}{unit}" for key, unit in named.items() if isinstance(config.get(key), str | int)]
    return _comment(f"{uri}: {', '.join(facts) or model.format}")


def _slo(model: Learned) -> str:
    if model.generates:
        return """\

  # What the service must keep: the time to the first token, and the time for each one after it.
  slo:
    ttft: {p95: 500ms}
    tpot: {p95: 50ms}
"""
    if model.profile is not None and model.profile.run.uncosted:
        names = ", ".join(operator for operator, _ in model.profile.run.uncosted)
        return f"""\

  # No SLO can be promised for this model yet: the cost of some of its operators is not known ({names}).
  # slo: {{latency: {{p99: 50ms}}, throughput: 50/s}}
"""
    return """\

  # What the service must keep. plan refuses what no placement can meet, and says what would be near.
  slo:
    latency:
      p99: 50ms                       # also p50, p95
    throughput: 50/s
"""


def _tensors(tensors: Sequence[TensorSpec]) -> str:
    return _comment(", ".join(f"{t.name} {t.dtype} [{', '.join(map(str, t.shape))}]" for t in tensors))


def _comment(text: str) -> str:
    """Fit for a comment: a name from a model may hold anything."""
    return "".join(c if c.isprintable() else "?" for c in text)
