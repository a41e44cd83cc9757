"""A node of an ONNX graph at given sizes: what the rules of cost and of shape are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from infractl.tensors import Dtype


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A tensor that flows into or out of a node. `weight`: it comes from the file, not from a request or another node.

    `value` holds the elements, as a numpy array, where they are known before anything runs and are few: a Reshape's shape.
    """

    shape: tuple[int, ...]
    dtype: Dtype | None
    element_bytes: float
    weight: bool = False
    value: Any = None

    @property
    def elements(self) -> int:
        return prod(self.shape)

    @property
    def bytes(self) -> float:
        return self.elements * self.element_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An operator with its operands in the schema's order; an optional one that is left out is None.

    `attributes` are plain Python values as `onnx.helper.get_attribute_value` gives them (bytes for text).
    """

    name: str
    operator: str
    domain: str
    inputs: tuple[Operand | None, ...]
    outputs: tuple[Operand | None, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
