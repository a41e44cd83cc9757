"""What the headers of safetensors files say: types, shapes and sizes. No weight is read.

The format (github.com/huggingface/safetensors, README, "Format"): eight bytes of length, little-endian, then so many of JSON, a
tensor's name to its dtype, shape and data_offsets; then the data.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from infractl.domain.language_profile import StoredWeights
from infractl.errors import ModelError

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"

_MOST_HEADER = 100_000_000
"""The format's own limit."""

_FLOATS = frozenset({"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"})
"""Types in which an element is a weight. In the others several are packed into one, or it is a scale."""

_PACKED_SHARE = 0.01
"""More of all bytes than this in integers are weights; less are positions and masks."""

_BUFFER = re.compile(r"(^|\.)(attn\.(bias|masked_bias)|attention\.(bias|masked_bias)|rotary_emb\.inv_freq|position_ids)$")
"""Constants that older files hold beside the weights, and that transformers ignores when it loads them."""


class Tensor(NamedTuple):
    dtype: str
    elements: int
    bytes: int


def stored_weights(directory: Path) -> StoredWeights | None:
    """The weights beside a config.json, or None where there are none. Raises ModelError for a damaged header or index."""
    if (directory / INDEX).exists():
        return _sharded(directory)
    single = directory / SINGLE
    return _summed([tensors(single)], missing=0, declared_bytes=None) if single.exists() else None


def tensors(path: Path) -> tuple[Tensor, ...]:
    """The weights that a file's header lists. Raises ModelError where it is none, or promises more than the file has."""
    _check_regular(path)
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else 0
            if not 2 <= length <= min(_MOST_HEADER, size - 8):
                raise _unreadable(path, "it does not begin with the length of a header that fits into it")
            header = json.loads(file.read(length))
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None
    except (ValueError, RecursionError):
        raise _unreadable(path, "its header is not JSON") from None
    if not isinstance(header, dict):
        raise _unreadable(path, "its header is no JSON object")
    held = size - 8 - length
    return tuple(
        _tensor(path, name, entry, held) for name, entry in header.items() if name != "__metadata__" and not _BUFFER.search(name)
    )


def _tensor(path: Path, name: str, entry: Any, held: int) -> Tensor:
    match entry:
        case {"dtype": str(dtype), "shape": [*shape], "data_offsets": [int(start), int(end)]} if 0 <= start <= end and all(
            type(each) is int and 0 <= each < 2**53 for each in shape
        ):
            if end > held:
                raise _unreadable(path, f"{name[:80]} ends behind the end of the file, which was not copied as a whole")
            return Tensor(dtype, math.prod(shape), end - start)
    raise _unreadable(path, f"its header does not describe {name[:80]} as a tensor")


def _sharded(directory: Path) -> StoredWeights:
    index = directory / INDEX
    _check_regular(index)
    try:
        with index.open("rb") as file:
            found = json.loads(file.read(_MOST_HEADER))
    except OSError as error:
        raise _unreadable(index, error.strerror or str(error)) from None
    except (ValueError, RecursionError):
        raise _unreadable(index, "it is not JSON") from None
    shards = found.get("weight_map") if isinstance(found, dict) else None
    names = set(shards.values()) if isinstance(shards, dict) and all(isinstance(n, str) for n in shards.values()) else set()
    if not names or any(name in ("", "..") or "/" in name or "\\" in name or "\0" in name for name in names):
        raise _unreadable(index, "its weight_map does not name files of this directory")
    here = sorted(name for name in names if (directory / name).exists())
    metadata = found.get("metadata")
    total = metadata.get("total_size") if isinstance(metadata, Mapping) else None
    declared = int(total) if isinstance(total, int | float) and 0 <= total < 2**63 else None
    return _summed([tensors(directory / name) for name in here], missing=len(names) - len(here), declared_bytes=declared)


def _summed(files: Iterable[tuple[Tensor, ...]], missing: int, declared_bytes: int | None) -> StoredWeights:
    by_file = list(files)
    held = [tensor for tensors in by_file for tensor in tensors]
    by_dtype: Counter[str] = Counter()
    for tensor in held:
        by_dtype[tensor.dtype] += tensor.bytes
    packed = sum(size for dtype, size in by_dtype.items() if dtype not in _FLOATS)
    plain = packed <= _PACKED_SHARE * by_dtype.total()
    return StoredWeights(
        files=len(by_file),
        missing=missing,
        tensors=len(held),
        parameters=sum(t.elements for t in held if t.dtype in _FLOATS) if plain and not missing else None,
        bytes_by_dtype=dict(sorted(by_dtype.items())),
        declared_bytes=declared_bytes,
    )


def _check_regular(path: Path) -> None:
    """A pipe would be waited for, and a directory cannot be read."""
    if not path.is_file():
        raise _unreadable(path, "it is no regular file")


def _unreadable(path: Path, reason: str) -> ModelError:
    return ModelError.of(
        "weights-unreadable",
        summary="the weights beside the config.json cannot be read",
        detail=f"{path.name}: {reason}",
        at=str(path),
        remedy="copy the file again, as a whole (git lfs pull, where it is kept in LFS); or put config.json alone elsewhere",
    )
