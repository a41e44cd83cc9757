"""What a data file holds: arrays by name. Whether they fit a model is checked elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.tensors import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`names` are all that the file has, `arrays` those of them that were read.

    In a file of `columns` each array is one column, [rows]. A file with a single array without a name calls it "".
    """

    names: tuple[str, ...]
    arrays: Mapping[str, Tensor]
    columns: bool = False
