"""A config.json: read, bounded, and asked for sizes. What is missing or wrong is collected, so that all shows at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infractl.errors import Diagnostics, ModelError

MOST_BYTES = 16 * 2**20
"""Real ones have some kilobytes; rope factors and quantization lists make some hundred."""

MOST = 100_000_000
"""No size of a real model comes near; with it no product below leaves what a float holds."""

MOST_LAYERS = 10_000

_ABSENT = object()


def read_config(path: Path) -> tuple[Mapping[str, Any], str]:
    """The object in the file, and its sha256. Raises ModelError where it cannot be read or is no JSON object."""
    if path.exists() and not path.is_file():
        raise unreadable(path, "it is no regular file")
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise unreadable(path, error.strerror or str(error)) from None
    if len(data) > MOST_BYTES:
        raise unreadable(path, "it is larger than any config.json")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise unreadable(path, "it is not JSON") from None
    if not isinstance(found, dict):
        raise unreadable(path, "it is not a JSON object")
    return found, hashlib.sha256(data).hexdigest()


def unreadable(path: Path, reason: str) -> ModelError:
    return ModelError.of(
        "model-unreadable",
        summary="the model cannot be read",
        detail=f"{path}: {reason}",
        at=str(path.parent),
        remedy="name a model's file, or a directory that has a Hugging Face config.json",
    )


class Config:
    """Answers with what the config says, or with a stand-in after it has noted the problem; `check` raises them all."""

    def __init__(self, values: Mapping[str, Any], path: Path) -> None:
        self.values = values
        self.path = path
        self.notes: list[str] = []
        self._problems = Diagnostics()

    def has(self, key: str) -> bool:
        """Whether the key is there with a value; null is none."""
        return self.values.get(key) is not None

    def first(self, *keys: str) -> str:
        """The one of several names of the same size that is used here, else the first."""
        return next((key for key in keys if self.has(key)), keys[0])

    def size(self, *keys: str, default: Any = _ABSENT, least: int = 1, most: int = MOST) -> int:
        """A whole number under the first of the keys that is there. Absent or null, it is the default, else a problem."""
        key = self.first(*keys)
        value = self.values.get(key)
        if value is None:
            if default is not _ABSENT:
                return int(default)
            self.problem(f"{' or '.join(keys)} is missing")
            return least or 1
        if type(value) is not int or not least <= value <= most:
            self.problem(f"{key} is {_shown(value)}, and must be a whole number from {least} to {most:,}")
            return least or 1
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.problem(f"{key} is {_shown(value)}, and must be true or false")
            return default
        return value

    def window(self, default: int | None) -> int | None:
        """`sliding_window`: null says that there is none; where the key is absent, the family's default holds."""
        if "sliding_window" not in self.values:
            return default
        return self.size("sliding_window") if self.has("sliding_window") else None

    def items(self, key: str) -> list[Any]:
        """A list; empty where it is absent or null."""
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem(f"{key} is {_shown(value)}, and must be a list")
            return []
        return value

    def layer_windows(self, layers: int, windows: list[int | None], window: int | None) -> list[int | None]:
        """The window of each layer by `layer_types`, else what the family's rule gives."""
        types = self.items("layer_types")
        if not types:
            return windows
        strange = next((kind for kind in types if kind not in ("full_attention", "sliding_attention")), None)
        if strange is not None:
            self.problem(f"layer_types holds {_shown(strange)}, and only full_attention and sliding_attention are known")
        elif len(types) != layers:
            self.problem(f"layer_types has {len(types)} items, and there are {layers} layers")
        elif "sliding_attention" in types and window is None:
            self.problem("layer_types has sliding_attention, and sliding_window is missing")
        return [window if kind == "sliding_attention" else None for kind in types]

    def problem(self, detail: str) -> None:
        self._problems.error(
            "language-model-config",
            summary="the config.json does not give the model's sizes",
            detail=detail,
            at=str(self.path),
            remedy="take the config.json that came with the weights; a shortened or edited one does not describe them",
        )

    def check(self) -> None:
        """Raises ModelError with every problem so far."""
        self._problems.raise_errors(ModelError)


def _shown(value: object) -> str:
    """A value for a sentence: short, and on one line."""
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 60 else f"{text[:59]}…"
