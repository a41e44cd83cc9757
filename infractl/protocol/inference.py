"""Open Inference Protocol (KServe V2) REST bodies: a request read against a model's signature, and the answer written.

The names are those of the specification, https://github.com/kserve/open-inference-protocol. No binary tensors and no gRPC here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from infractl.protocol.data import FLOATS, read_tensor
from infractl.protocol.refusal import bad_request, quote
from infractl.tensors import Dtype, Signature, Tensor, TensorSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may hold: at most `max_items` along the batch, and NaN or infinity only where they are not rejected."""

    max_items: int
    reject_non_finite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that fits the signature. `inputs` has the model's order; `items` is its size along the batch, 1 without one."""

    inputs: Mapping[str, Tensor]
    items: int
    id: str | None
    outputs: Sequence[str]


def decode_request(body: bytes, signature: Signature, limits: Limits) -> Request:
    """Raises RequestError with the first reason found why the body does not fit the signature or the limits."""
    document = _parse(body, limits)
    identity = document.get("id")
    if identity is not None and not _is_text(identity):
        raise bad_request("the request's id is no string")
    inputs = _inputs(_entries(document, "inputs"), signature, limits)
    items = next((tensor.shape[0] for tensor in inputs.values()), 1) if signature.batched else 1
    if not 1 <= items <= limits.max_items:
        raise bad_request(f"the batch has {items} items, and it takes from 1 to {limits.max_items}")
    return Request(inputs=inputs, items=items, id=identity, outputs=_wanted_outputs(document, signature))


def encode_response(
    *, model: str, version: str, identity: str | None, outputs: Mapping[str, Tensor], signature: Signature, wanted: Sequence[str]
) -> bytes:
    """The answer with the `wanted` outputs, flat in row-major order. JSON has no NaN and no infinity: they go out as null."""
    dtypes = {spec.name: spec.dtype for spec in signature.outputs}
    document: dict[str, Any] = {"model_name": model, "model_version": version}
    if identity is not None:
        document["id"] = identity
    document["outputs"] = [
        {"name": name, "shape": outputs[name].shape, "datatype": dtypes[name], "data": _flat(outputs[name], dtypes[name])}
        for name in wanted
    ]
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def encode_error(reason: str) -> bytes:
    return orjson.dumps({"error": reason})


def encode_json(document: Mapping[str, Any]) -> bytes:
    return orjson.dumps(document)


def encode_model(name: str, versions: Sequence[str], signature: Signature) -> bytes:
    """The model's metadata; a dynamic axis has the size -1."""
    return orjson.dumps(
        {
            "name": name,
            "versions": list(versions),
            "platform": "onnx_onnxv1",
            "inputs": _described(signature.inputs),
            "outputs": _described(signature.outputs),
        }
    )


def _described(specs: Iterable[TensorSpec]) -> list[dict[str, Any]]:
    return [
        {"name": s.name, "datatype": s.dtype, "shape": [size if isinstance(size, int) else -1 for size in s.shape]} for s in specs
    ]


def _flat(tensor: Tensor, dtype: Dtype) -> Any:
    flat = tensor.reshape(-1)
    return flat.tolist() if dtype is Dtype.bytes_ else flat


def _parse(body: bytes, limits: Limits) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        # orjson takes nothing that JSON does not have; where NaN may pass, Python's reader does.
        document = _parse_with_nan(body, error) if not limits.reject_non_finite else _refuse_body(body, error)
    if type(document) is not dict:
        raise bad_request("the body is no JSON object")
    return document


def _parse_with_nan(body: bytes, error: orjson.JSONDecodeError) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        _refuse_body(body, error)


def _refuse_body(body: bytes, error: orjson.JSONDecodeError) -> Any:
    hint = "; NaN and Infinity are not taken" if b"NaN" in body or b"Infinity" in body else ""
    raise bad_request(f"the body is no JSON: {error}{hint}") from None


def _entries(document: dict[str, Any], member: str) -> list[dict[str, Any]]:
    entries = document.get(member)
    if type(entries) is not list or not all(type(entry) is dict for entry in entries):
        raise bad_request(f'the request has no list of objects as "{member}"')
    return entries


def _inputs(entries: list[dict[str, Any]], signature: Signature, limits: Limits) -> dict[str, Tensor]:
    specs = {spec.name: spec for spec in signature.inputs}
    found: dict[str, Tensor] = {}
    axes: dict[str, tuple[int, str]] = {}
    for entry in entries:
        spec = _named(entry, specs, "input")
        if spec.name in found:
            raise bad_request(f"input {quote(spec.name)} is given twice")
        found[spec.name] = _tensor(entry, spec, axes, limits)
    missing = [name for name in specs if name not in found]
    if missing:
        raise bad_request(f"input {quote(missing[0])} is missing")
    return {name: found[name] for name in specs}


def _named(entry: dict[str, Any], specs: Mapping[str, TensorSpec], what: str) -> TensorSpec:
    name = entry.get("name")
    if type(name) is not str or name not in specs:
        given = quote(name) if type(name) is str else "without a name"
        raise bad_request(f"{what} {given} is not one of the model's: {', '.join(specs)}")
    return specs[name]


def _tensor(entry: dict[str, Any], spec: TensorSpec, axes: dict[str, tuple[int, str]], limits: Limits) -> Tensor:
    where = f"input {quote(spec.name)}"
    datatype = entry.get("datatype")
    if datatype != spec.dtype:
        raise bad_request(f"{where} is given as {_datatype(datatype)}, and the model takes {spec.dtype}")
    shape = _shape(where, entry.get("shape"), spec, axes)
    if "data" not in entry:
        raise bad_request(f"{where} has no data; tensors are taken as JSON only")
    tensor = read_tensor(where, entry["data"], spec.dtype, shape)
    if limits.reject_non_finite and spec.dtype in FLOATS:
        import numpy as np

        if not np.isfinite(tensor).all():
            raise bad_request(f"{where} holds NaN, infinity or a number outside the range of {spec.dtype}")
    return tensor


def _datatype(given: Any) -> str:
    return quote(given) if type(given) is str else "no datatype"


def _shape(where: str, given: Any, spec: TensorSpec, axes: dict[str, tuple[int, str]]) -> list[int]:
    """The shape, if it fits `spec` and the sizes that `axes` already has; `axes` learns the new ones."""
    if type(given) is not list or not all(type(size) is int and size >= 0 for size in given):
        raise bad_request(f"{where} has no list of whole numbers as its shape")
    wanted = f"the model takes [{', '.join(map(str, spec.shape))}]"
    if len(given) != len(spec.shape):
        raise bad_request(f"{where} has the shape {quote(given)}, and {wanted}")
    for size, axis in zip(given, spec.shape, strict=True):
        if isinstance(axis, str):
            first, owner = axes.setdefault(axis, (size, where))
            if size != first:
                raise bad_request(f"{where} has {size} along {axis}, and {owner} has {first}")
        elif size != axis:
            raise bad_request(f"{where} has the shape {quote(given)}, and {wanted}")
    return given


def _wanted_outputs(document: dict[str, Any], signature: Signature) -> list[str]:
    if not document.get("outputs"):
        return [spec.name for spec in signature.outputs]
    specs = {spec.name: spec for spec in signature.outputs}
    names = [_named(entry, specs, "output").name for entry in _entries(document, "outputs")]
    if len(set(names)) < len(names):
        raise bad_request("an output is asked for twice")
    return names


def _is_text(value: Any) -> bool:
    """Whether it is a string that can be sent back: Python's JSON reader lets half a surrogate pair through."""
    return type(value) is str and (value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value))
