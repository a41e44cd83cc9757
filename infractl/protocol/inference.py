"""Open Inference Protocol (KServe V2) REST bodies: a request read against a model's signature, and the answer written.

The names are those of the specification, https://github.com/kserve/open-inference-protocol. No binary tensors and no gRPC here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from infractl.protocol.data import SENDABLE, DataReader
from infractl.protocol.refusal import RequestError, bad_request, quote
from infractl.tensors import Dtype, Signature, Tensor, TensorSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may hold: at most `max_items` along the batch, and NaN or infinity only where they are not rejected."""

    max_items: int
    reject_non_finite: bool


class Request(NamedTuple):
    """A request that fits the signature. `inputs` has the model's order; `items` is its size along the batch, 1 without one."""

    inputs: Mapping[str, Tensor]
    items: int
    join_key: Hashable
    """Equal for requests that can be joined: their sizes in every axis but the first."""
    id: str | None
    outputs: Sequence[str]


class RequestReader:
    """Reads bodies against one signature. What can be said of every request is worked out once: there are many."""

    def __init__(self, signature: Signature, limits: Limits) -> None:
        self._limits = limits
        self._batched = signature.batched
        self._inputs = {spec.name: _Input(spec, limits) for spec in signature.inputs}
        self._outputs = [spec.name for spec in signature.outputs]
        # Where nothing but the batch is free, any two requests have equal keys.
        self._alike = all(isinstance(axis, int) for spec in signature.inputs for axis in spec.shape[1:])

    def read(self, body: bytes) -> Request:
        """Raises RequestError with the first reason found why the body does not fit the signature or the limits."""
        document = _parse(body, self._limits)
        identity = document.get("id")
        if identity is not None and not _is_text(identity):
            raise bad_request("the request's id is no string")
        inputs = self._tensors(_entries(document, "inputs"))
        items = next(iter(inputs.values())).shape[0] if self._batched and inputs else 1
        if not 1 <= items <= self._limits.max_items:
            raise bad_request(f"the batch has {items} items, and it takes from 1 to {self._limits.max_items}")
        key = () if self._alike else tuple([tensor.shape[1:] for tensor in inputs.values()])
        return Request(inputs, items, key, identity, self._wanted(document))

    def _tensors(self, entries: list[dict[str, Any]]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        axes: dict[str, tuple[int, str]] = {}
        for entry in entries:
            name = _named(entry, self._inputs, "input")
            if name in found:
                raise bad_request(f"input {quote(name)} is given twice")
            found[name] = self._inputs[name].read(entry, axes)
        if len(found) < len(self._inputs):
            missing = next(name for name in self._inputs if name not in found)
            raise bad_request(f"input {quote(missing)} is missing")
        return found if len(found) == 1 else {name: found[name] for name in self._inputs}

    def _wanted(self, document: dict[str, Any]) -> Sequence[str]:
        if not document.get("outputs"):
            return self._outputs
        names = [_named(entry, self._outputs, "output") for entry in _entries(document, "outputs")]
        if len(set(names)) < len(names):
            raise bad_request("an output is asked for twice")
        return names


class ResponseWriter:
    """Writes the answers of one version of a model."""

    def __init__(self, model: str, version: str, signature: Signature) -> None:
        self._named = {"model_name": model, "model_version": version}
        # Plain strings: an enumeration's member takes orjson longer.
        self._dtypes = {spec.name: str(spec.dtype) for spec in signature.outputs}
        self._texts = {spec.name for spec in signature.outputs if spec.dtype is Dtype.bytes_}

    def write(self, outputs: Mapping[str, Tensor], identity: str | None, wanted: Sequence[str]) -> bytes:
        """The `wanted` outputs, flat in row-major order. JSON has no NaN and no infinity: they go out as null."""
        document: dict[str, Any] = {**self._named, "outputs": [self._output(name, outputs[name]) for name in wanted]}
        if identity is not None:
            document["id"] = identity
        return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)

    def _output(self, name: str, tensor: Tensor) -> dict[str, Any]:
        flat = tensor.ravel()
        data = flat.tolist() if name in self._texts else flat
        return {"name": name, "shape": tensor.shape, "datatype": self._dtypes[name], "data": data}


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
    if type(entries) is not list:
        raise _no_entries(member)
    # A loop, here and below: for a few elements it takes half the time of a set.
    for entry in entries:
        if type(entry) is not dict:
            raise _no_entries(member)
    return entries


def _no_entries(member: str) -> RequestError:
    return bad_request(f'the request has no list of objects as "{member}"')


class _Input:
    """What a request's entry for one of the model's inputs must be."""

    def __init__(self, spec: TensorSpec, limits: Limits) -> None:
        self._shape = spec.shape
        self._axes = tuple(enumerate(spec.shape))
        self._dtype = str(spec.dtype)
        self._where = f"input {quote(spec.name)}"
        sendable = spec.dtype in SENDABLE
        self._data = DataReader(self._where, spec.dtype, reject_non_finite=limits.reject_non_finite) if sendable else None

    def read(self, entry: dict[str, Any], axes: dict[str, tuple[int, str]]) -> Tensor:
        """The tensor, if it fits the sizes that `axes` already has; `axes` learns the new ones. Raises RequestError."""
        datatype = entry.get("datatype")
        if datatype != self._dtype:
            raise bad_request(f"{self._where} is given as {_datatype(datatype)}, and the model takes {self._dtype}")
        shape = self._sizes(entry.get("shape"), axes)
        if "data" not in entry:
            raise bad_request(f"{self._where} has no data; tensors are taken as JSON only")
        if self._data is None:
            raise bad_request(f"{self._where} is {self._dtype}, which JSON cannot carry")
        return self._data.read(entry["data"], shape)

    def _sizes(self, given: Any, axes: dict[str, tuple[int, str]]) -> list[int]:
        if type(given) is not list or len(given) != len(self._shape):
            raise self._other_shape(given)
        for position, axis in self._axes:
            size = given[position]
            if type(size) is not int or size < 0:
                raise self._other_shape(given)
            if type(axis) is str:
                first, owner = axes.setdefault(axis, (size, self._where))
                if size != first:
                    raise bad_request(f"{self._where} has {size} along {axis}, and {owner} has {first}")
            elif size != axis:
                raise self._other_shape(given)
        return given

    def _other_shape(self, given: Any) -> RequestError:
        if type(given) is not list or not all(type(size) is int and size >= 0 for size in given):
            return bad_request(f"{self._where} has no list of whole numbers as its shape")
        wanted = ", ".join(map(str, self._shape))
        return bad_request(f"{self._where} has the shape {quote(given)}, and the model takes [{wanted}]")


def _named(entry: dict[str, Any], names: Collection[str], what: str) -> str:
    name = entry.get("name")
    if type(name) is not str or name not in names:
        given = quote(name) if type(name) is str else "without a name"
        raise bad_request(f"{what} {given} is not one of the model's: {', '.join(names)}")
    return name


def _datatype(given: Any) -> str:
    return quote(given) if type(given) is str else "no datatype"


def _is_text(value: Any) -> bool:
    """Whether it is a string that can be sent back: Python's JSON reader lets half a surrogate pair through."""
    return type(value) is str and (value.isascii() or not any("\ud800" <= character <= "\udfff" for character in value))
