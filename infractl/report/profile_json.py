"""A profile as one JSON document. A count that depends on dimensions is a list of terms, `dimensions` and `coefficient` each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infractl.domain.language_model import LanguageModel
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.polynomial import Polynomial
from infractl.domain.profile import Execution, ModelProfile, OperatorCost
from infractl.report.profile_group import Group, by_layer, by_operator
from infractl.report.profile_text import usual_sizes
from infractl.state.codec import encode

Document = dict[str, Any]


def profile_json(profile: ModelProfile, at: Mapping[str, int]) -> Document:
    """`at` holds the totals at the sizes that were asked for, and is null unless every dimension has one."""
    sizes = usual_sizes(profile, at)
    return {
        "sort": "onnx",
        "digest": profile.digest,
        "size_bytes": profile.size_bytes,
        "parameters": profile.parameters,
        "weights_bytes": profile.weights_bytes,
        "signature": encode(profile.signature),
        "dimensions": list(profile.dimensions),
        "batch": profile.batch,
        "flops": _terms(profile.flops),
        "activation_bytes": _terms(profile.activation_bytes),
        "live_bytes": [_terms(live) for live in profile.live_bytes],
        "at": _at(profile, at) if len(at) == len(profile.dimensions) else None,
        "by_layer": [_group(group) for group in by_layer(profile.given.operators)],
        "by_operator": [_group(group) for group in by_operator(profile.given.operators, sizes)],
        "given": _execution(profile.given),
        "executed": _execution(profile.executed) if profile.executed is not None else None,
    }


def language_json(profile: LanguageProfile, at: Mapping[str, int]) -> Document:
    """The model's own values, and what follows from them; with `at`, what its sizes cost."""
    model = profile.model
    return {
        "sort": "language-model" if model.generates else "encoder",
        "digest": profile.digest,
        "parameters": profile.parameters,
        "active_parameters": model.active_parameters,
        "config_parameters": model.parameters,
        "weight_bytes": profile.weight_bytes,
        "kv_bytes_per_token": model.kv_bytes_per_token(),
        "model": encode(model),
        "stored": encode(profile.stored) if profile.stored else None,
        "notes": list(profile.notes),
        "at": _language_at(model, at) if at else None,
    }


def _at(profile: ModelProfile, at: Mapping[str, int]) -> Document:
    return {
        "sizes": dict(at),
        "flops": profile.flops.at(at),
        "activation_bytes": profile.activation_bytes.at(at),
        "peak_bytes": profile.peak_bytes(at) if profile.live_bytes else None,
    }


def _language_at(model: LanguageModel, at: Mapping[str, int]) -> Document:
    batch = at.get("batch", 1)
    one: Document = {"sizes": dict(at)}
    if not model.generates:
        return one | {"flops": batch * model.prefill_flops(at["sequence"])} if "sequence" in at else one
    if "prompt" in at:
        one |= {"prefill_flops": batch * model.prefill_flops(at["prompt"])}
    if "context" in at:
        one |= {
            "kv_bytes": batch * model.kv_bytes(at["context"]),
            "decode_flops": batch * model.decode_flops(at["context"]),
            "decode_bytes": model.decode_bytes(batch, at["context"]),
        }
    return one


def _terms(count: Polynomial) -> list[Document]:
    return [{"dimensions": list(term), "coefficient": coefficient} for term, coefficient in sorted(count.terms.items())]


def _group(group: Group) -> Document:
    return {
        "name": group.name,
        "nodes": group.nodes,
        "flops": _terms(group.flops),
        "weight_bytes": group.weight_bytes,
        "activation_bytes": _terms(group.activation_bytes),
    }


def _execution(execution: Execution) -> Document:
    return {
        "operators": [_operator(operator) for operator in execution.operators],
        "uncosted": [{"operator": operator, "nodes": nodes} for operator, nodes in execution.uncosted],
        "bounded": list(execution.bounded),
    }


def _operator(operator: OperatorCost) -> Document:
    product = operator.product
    return {
        "name": operator.name,
        "operator": operator.operator,
        "family": operator.family.value,
        "dtype": operator.dtype.value,
        "flops": _terms(operator.flops),
        "weight_bytes": operator.weight_bytes,
        "activation_bytes": _terms(operator.activation_bytes),
        "product": {side: _terms(getattr(product, side)) for side in ("count", "rows", "depth", "columns")} if product else None,
        "steps": _terms(operator.steps),
        "trees": operator.trees,
        "depth": operator.depth,
    }
