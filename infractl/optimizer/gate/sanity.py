"""What no metric is needed for to see that a candidate is broken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infractl.domain.optimization import Refusal
from infractl.tensors import Signature, Tensor, TensorSpec

_SAME = 1e-6
"""Of the given model's own spread: what varies less than this does not vary."""


def changed_signature(given: Signature, candidate: Signature) -> Refusal | None:
    """Clients call a candidate as they call the given model: inputs and outputs keep name, order, type and shape."""
    if why := _change(given.inputs, candidate.inputs, loosely=False):
        return Refusal(code="inputs-changed", why=why)
    if why := _change(given.outputs, candidate.outputs, loosely=True):
        return Refusal(code="outputs-changed", why=why)
    return None


def _change(before: Sequence[TensorSpec], after: Sequence[TensorSpec], *, loosely: bool) -> str:
    """What became what; empty where nothing did."""
    if [spec.name for spec in before] != [spec.name for spec in after]:
        return f"{_names(before)} became {_names(after)}"
    for old, new in zip(before, after, strict=True):
        if old.dtype is not new.dtype or not _takes(old, new, loosely=loosely):
            return f"{_spec(old)} became {_spec(new)}"
    return ""


def _takes(old: TensorSpec, new: TensorSpec, *, loosely: bool) -> bool:
    """Whether shapes are the same but for the names of dynamic axes. An output may declare less than it did: its answers show."""
    if len(old.shape) != len(new.shape):
        return False
    return all(
        before == after or (isinstance(after, str) and (loosely or isinstance(before, str)))
        for before, after in zip(old.shape, new.shape, strict=True)
    )


def insane_answers(given: Mapping[str, Tensor], candidate: Mapping[str, Tensor]) -> Refusal | None:
    """NaN or infinity where the given model has none, another shape or type, or one answer to everything.

    Both are the answers to the same rows, [rows, ...] by output.
    """
    for name, before in given.items():
        after = candidate.get(name)
        if after is None or after.shape != before.shape or after.dtype.kind != before.dtype.kind:
            became = "nothing" if after is None else f"{list(after.shape)} of {after.dtype}"
            return Refusal(code="outputs-changed", why=f"{name}: {list(before.shape)} of {before.dtype} became {became}")
        if (refusal := _not_finite(name, before, after)) or (refusal := _constant(name, before, after)):
            return refusal
    return None


def _not_finite(name: str, before: Tensor, after: Tensor) -> Refusal | None:
    import numpy as np

    if before.dtype.kind != "f":
        return None
    broken = np.isfinite(before) & ~np.isfinite(after)
    if not broken.any():
        return None
    rows = int(broken.reshape(len(broken), -1).any(axis=1).sum())
    return Refusal(
        code="not-finite", why=f"{name} is NaN or infinite for {rows:,} of {len(after):,} rows, the given model's is not"
    )


def _constant(name: str, before: Tensor, after: Tensor) -> Refusal | None:
    if len(before) < 2 or not (spread := _spread(before)) or _spread(after) > _SAME * spread:
        return None
    return Refusal(code="constant", why=f"{name} is the same for all of {len(after):,} rows, the given model's is not")


def _spread(array: Tensor) -> float:
    """How far apart the finite values of one column are, of the one where they are farthest; 1 where other things differ."""
    import numpy as np

    if array.dtype.kind != "f":
        return float((array != array[:1]).any())
    finite = np.where(np.isfinite(array), np.asarray(array, np.float64), 0.0)
    return float(np.ptp(finite, axis=0).max(initial=0.0))


def _names(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(spec.name for spec in specs)


def _spec(spec: TensorSpec) -> str:
    return f"{spec.name} {spec.dtype} [{', '.join(map(str, spec.shape))}]"
