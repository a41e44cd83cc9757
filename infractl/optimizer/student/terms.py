"""What a student must look like from outside: the given model's inputs and outputs, which it keeps to the letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from infractl.optimizer.passes.contract import PassRefusedError
from infractl.tensors import Dtype, Signature, Tensor, TensorSpec

_FLOATS = (Dtype.float16, Dtype.float32, Dtype.float64)
_WHOLE = (Dtype.uint8, Dtype.int8, Dtype.uint16, Dtype.int16, Dtype.int32, Dtype.int64)
_COLOURS = (1, 3, 4)
_CLOSE = 1e-3


class Form(StrEnum):
    """What scores are: of classes before or after a softmax, shares of their own (after a sigmoid), or plain values."""

    logits = "logits"
    probabilities = "probabilities"
    shares = "shares"
    values = "values"

    @property
    def names_a_class(self) -> bool:
        """Whether the largest score is the answer."""
        return self in (Form.logits, Form.probabilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`item` is an input's shape without the batch, channels first, None for a dynamic size; `classes` are the label's values."""

    input: TensorSpec
    item: tuple[int | None, ...]
    channels_last: bool
    scores: TensorSpec
    form: Form
    width: int
    label: TensorSpec | None = None
    classes: Tensor | None = None


def terms(signature: Signature, answers: Mapping[str, Tensor], kind: str) -> Terms:
    """From what the given model answers to some rows. `kind` is `auto`, `classes` or `values`. Raises PassRefusedError."""
    if len(signature.inputs) != 1:
        raise PassRefusedError("inputs", f"a student takes one input, and the model takes {len(signature.inputs)}")
    (given,) = signature.inputs
    item, channels_last = _item(given)
    scores = [spec for spec in signature.outputs if spec.dtype in _FLOATS and answers[spec.name].ndim == 2]
    labels = [spec for spec in signature.outputs if spec not in scores]
    if len(scores) != 1 or len(labels) > 1 or any(answers[spec.name].ndim != 1 for spec in labels):
        told = ", ".join(f"{spec.name} {spec.dtype} [{', '.join(map(str, spec.shape))}]" for spec in signature.outputs)
        raise PassRefusedError("outputs", f"a student gives one row of scores, and a label at most; the model gives {told}")
    values = answers[scores[0].name]
    form = _form(values, kind)
    if labels and not form.names_a_class:
        raise PassRefusedError("outputs", f"{labels[0].name} is no class whose score could be the largest")
    return Terms(
        input=given,
        item=item,
        channels_last=channels_last,
        scores=scores[0],
        form=form,
        width=values.shape[1],
        label=labels[0] if labels else None,
        classes=_classes(values, answers[labels[0].name]) if labels else None,
    )


def _item(given: TensorSpec) -> tuple[tuple[int | None, ...], bool]:
    axes = tuple(axis if isinstance(axis, int) else None for axis in given.shape[1:])
    if len(axes) == 3 and given.dtype in (*_FLOATS, *_WHOLE):
        channels_last = axes[0] not in _COLOURS and axes[2] in _COLOURS
        image = (axes[2], axes[0], axes[1]) if channels_last else axes
        if image[0] is not None:
            return image, channels_last
    if len(axes) == 1 and axes[0] is not None and given.dtype in _FLOATS:
        return axes, False
    shape = ", ".join(map(str, given.shape))
    raise PassRefusedError(
        "input", f"a student learns from images or from rows of floats, and {given.name} is {given.dtype} [{shape}]"
    )


def _form(values: Tensor, kind: str) -> Form:
    import numpy as np

    if kind == "values":
        return Form.values
    # A forest's sums of shares come to a little more than 1.
    shares = np.asarray(values, np.float64)
    bounded = bool(shares.min() >= -_CLOSE and shares.max() <= 1 + _CLOSE)
    if values.shape[1] == 1:
        return Form.shares if bounded else Form.values
    if not bounded:
        return Form.logits
    return Form.probabilities if bool(np.abs(shares.sum(axis=1) - 1).max() < _CLOSE) else Form.shares


def _classes(scores: Tensor, labels: Tensor) -> Tensor:
    """The label that goes with each score, as the answers show them. Raises PassRefusedError where they don't show it."""
    import numpy as np

    best = scores.argmax(axis=1)
    shown = {int(place): labels[best == place] for place in np.unique(best)}
    if any((found != found[0]).any() for found in shown.values()):
        raise PassRefusedError("outputs", "the label is not always that of the largest score")
    width = scores.shape[1]
    if labels.dtype.kind in "iu" and all(found[0] == place for place, found in shown.items()):
        return np.arange(width, dtype=labels.dtype)
    if missing := width - len(shown):
        raise PassRefusedError("classes", f"{missing} of {width} classes are never answered on the calibration rows")
    return np.array([shown[place][0] for place in range(width)])
