"""Requests from a file: one Open Inference Protocol request as JSON, a list of them, or arrays by input in an .npz."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infractl.errors import UsageError
from infractl.measure.bench.terms import Requests
from infractl.protocol.data import numpy_dtype
from infractl.protocol.refusal import quote
from infractl.tensors import Dtype, Signature, TensorSpec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Arrays = Mapping[str, NDArray[np.generic]]

MOST_REQUESTS = 1000
MOST_BYTES = 256 * 2**20


def read_requests(path: Path, signature: Signature, items: int) -> Requests:
    """At most `MOST_REQUESTS` requests; each of `items` rows, where the file has rows. Raises UsageError."""
    try:
        if path.exists() and not path.is_file():
            raise refused(path, "it is no file")
        if path.stat().st_size > MOST_BYTES:
            raise refused(path, f"it has {path.stat().st_size:,} bytes, and at most {MOST_BYTES:,} are read")
        documents = _from_arrays(path, signature, items) if path.suffix == ".npz" else _from_json(path)
    except OSError as error:
        raise refused(path, error.strerror or str(error)) from error
    documents = documents[:MOST_REQUESTS]
    extents = _common(documents, signature)
    return Requests(
        bodies=[json.dumps(document).encode() for document in documents],
        items=extents.get(str(signature.inputs[0].shape[0]), 1) if signature.batched else 1,
        extents=extents,
        source=f"{len(documents):,} requests from {path.name} in turn",
    )


def refused(path: Path, detail: str) -> UsageError:
    return UsageError.of(
        "bench-data",
        summary="the requests to measure with cannot be read",
        detail=detail,
        at=str(path),
        remedy="pass a JSON file with one request or a list of them, such as `infractl invoke` takes, or an .npz with an array "
        "for each of the model's inputs",
    )


def _from_json(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise refused(path, f"it is no JSON: {error}") from error
    documents = found if isinstance(found, list) else [found]
    if not documents:
        raise refused(path, "it has no request")
    for number, document in enumerate(documents, start=1):
        if not isinstance(document, dict) or not isinstance(document.get("inputs"), list):
            raise refused(path, f'request {number} is no JSON object with a list as "inputs"')
    return documents


def _from_arrays(path: Path, signature: Signature, items: int) -> list[dict[str, Any]]:
    """Cuts the arrays along their first axis: into batches where the model takes any number of rows, else into single inputs."""
    arrays = _arrays(path, signature)
    rows = min(len(array) for array in arrays.values())
    step = min(items, rows) if signature.batched else 1
    starts = range(0, min(rows - step + 1, step * MOST_REQUESTS), step)
    return [
        {"inputs": [_tensor(path, spec, _cut(arrays[spec.name], spec, start, step)) for spec in signature.inputs]}
        for start in starts
    ]


def _arrays(path: Path, signature: Signature) -> Arrays:
    import zipfile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {spec.name: file[spec.name] for spec in signature.inputs if spec.name in file.files}
            names = ", ".join(file.files)
    except (ValueError, zipfile.BadZipFile, EOFError, AttributeError, TypeError) as error:
        raise refused(path, f"it is no .npz of plain arrays: {error}") from error
    for spec in signature.inputs:
        if spec.name not in arrays:
            raise refused(path, f"it has no array for the input {quote(spec.name)}, but: {names or 'none'}")
        if not arrays[spec.name].shape or not len(arrays[spec.name]):
            raise refused(path, f"the array {quote(spec.name)} has no rows")
    return arrays


def _cut(array: NDArray[np.generic], spec: TensorSpec, start: int, step: int) -> NDArray[np.generic]:
    """Rows where the array has the input's own axes; of one with an axis more in front, the element itself."""
    return array[start] if array.ndim == len(spec.shape) + 1 else array[start : start + step]


def _tensor(path: Path, spec: TensorSpec, array: NDArray[np.generic]) -> dict[str, Any]:
    if array.ndim != len(spec.shape):
        raise refused(
            path,
            f"the array {quote(spec.name)} gives {list(array.shape)}, and the model takes [{', '.join(map(str, spec.shape))}]",
        )
    import numpy as np

    try:
        with np.errstate(over="ignore"):
            typed = array.astype(str if spec.dtype is Dtype.bytes_ else numpy_dtype(spec.dtype), casting="same_kind", copy=False)
    except TypeError as error:
        raise refused(path, f"the array {quote(spec.name)}: {error}") from error
    return {"name": spec.name, "shape": list(array.shape), "datatype": spec.dtype, "data": typed.reshape(-1).tolist()}


def _common(documents: Sequence[Mapping[str, Any]], signature: Signature) -> dict[str, int]:
    """The sizes that all requests have: what is measured of requests of several sizes is of no one of them."""
    first, *others = (_extents(document, signature) for document in documents)
    return {axis: size for axis, size in first.items() if all(other.get(axis) == size for other in others)}


def _extents(document: Mapping[str, Any], signature: Signature) -> dict[str, int]:
    """The sizes of the named axes in a request, as far as it says them rightly; what is wrong in it, the service will say."""
    entries = [e for e in document["inputs"] if isinstance(e, dict) and isinstance(e.get("name"), str)]
    given: Mapping[str, Any] = {e["name"]: e.get("shape") for e in entries}
    found: dict[str, int] = {}
    for spec in signature.inputs:
        shape = given.get(spec.name)
        if isinstance(shape, list) and len(shape) == len(spec.shape) and all(type(size) is int and size > 0 for size in shape):
            found |= {axis: size for axis, size in zip(spec.shape, shape, strict=True) if isinstance(axis, str)}
    return found
