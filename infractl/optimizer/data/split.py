"""Rows to three sets without a row in common, by what the rows hold: neither their order nor a row's copies change a side."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from infractl.optimizer.rows import Rows, Split
from infractl.tensors import Tensor

CALIBRATION_SHARE = SEARCH_SHARE = 0.2
"""Of the validation data's different rows. The gate needs most: what it can prove goes with the root of its rows."""
MOST_CALIBRATION = 2048
"""Rows from which the refit of a pruned multilayer perceptron gained nothing more in this project's measurements."""
MOST_SEARCH = 1000
LEAST_SHARE = 0.05
"""What each gives up for the gate at most, where the gate could prove nothing otherwise."""


def split(validation: Rows, calibration: Rows | None = None, *, least: int = 0) -> Split:
    """Divide the validation data into search and gate rows, and take calibration rows from it where none are given apart.

    A row's digest decides: copies of a row stay together, and what is in the calibration data is never in the gate's, even if
    it was given as both. Where the gate would be left with fewer rows than `least`, the others take less, as far as that helps.

    Gate rows come in the order of their digests, so that batches hold the same rows on every run.
    """
    digests = row_digests(validation.inputs)
    places: dict[bytes, list[int]] = {}
    for position, digest in enumerate(digests):
        places.setdefault(digest, []).append(position)
    taken = set(row_digests(calibration.inputs)) if calibration is not None else set()
    ordered = sorted(digest for digest in places if digest not in taken)
    seen = [digest for digest in sorted(places) if digest in taken]
    spare = (len(ordered) - least) // (2 if calibration is None else 1)
    first = 0 if calibration is not None else min(MOST_CALIBRATION, _taken(CALIBRATION_SHARE, len(ordered), spare))
    second = first + min(MOST_SEARCH, _taken(SEARCH_SHARE, len(ordered), spare))

    def rows(chosen: Sequence[bytes]) -> Rows:
        return validation.at([position for digest in chosen for position in places[digest]])

    return Split(
        calibration=(rows(ordered[:first]) if calibration is None else calibration).unlabelled,
        search=rows([*ordered[first:second], *seen]),
        gate=rows(ordered[second:]),
    )


def _taken(share: float, rows: int, spare: int) -> int:
    """The usual share, or what is to spare where that still is something."""
    usual = int(share * rows)
    return spare if LEAST_SHARE * rows <= spare < usual else usual


def row_digests(inputs: Mapping[str, Tensor]) -> list[bytes]:
    """The sha256 of each row's inputs, by name; labels don't count: the same input with two labels is one row."""
    hashes = [hashlib.sha256() for _ in range(len(next(iter(inputs.values()), ())))]
    for name in sorted(inputs):
        for row_hash, content in zip(hashes, _contents(inputs[name]), strict=True):
            row_hash.update(f"{name}:{len(content)}:".encode() + content)
    return [row_hash.digest() for row_hash in hashes]


def _contents(array: Tensor) -> list[bytes]:
    import numpy as np

    if array.dtype.kind == "O":
        return [repr([str(text) for text in np.ravel(row)]).encode() for row in array]
    if array.dtype.kind == "f":
        # -0.0 and 0.0 are the same number.
        array = array + np.zeros((), array.dtype)
    return [row.tobytes() for row in np.ascontiguousarray(array)]
