"""Several requests in one call of the model: their inputs are joined along the batch, and the outputs split again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TypeAlias

import numpy as np

from infractl.engines.engine import Session
from infractl.errors import ModelError
from infractl.tensors import Tensor

Tensors: TypeAlias = Mapping[str, Tensor]


def answer(session: Session, requests: Sequence[Tensors]) -> list[Tensors | ModelError]:
    """The outputs for each request. Where the joined call fails, each is run alone, so that a bad one fails alone."""
    if len(requests) > 1:
        try:
            return list(_joined(session, requests))
        except (ModelError, MemoryError):
            pass  # which of them it was is found below
    return [_alone(session, inputs) for inputs in requests]


def _alone(session: Session, inputs: Tensors) -> Tensors | ModelError:
    try:
        return session.run(inputs)
    except ModelError as error:
        return error


def _joined(session: Session, requests: Sequence[Tensors]) -> Sequence[Tensors]:
    names = list(requests[0])
    ends = list(accumulate((inputs[names[0]].shape[0] for inputs in requests), initial=0))
    outputs = session.run({name: np.concatenate([inputs[name] for inputs in requests]) for name in names})
    for name, tensor in outputs.items():
        if not tensor.shape or tensor.shape[0] != ends[-1]:
            raise ModelError.of(
                "model-batch",
                summary="an output does not have the batch as its first axis",
                detail=f"{name} has the shape {list(tensor.shape)} for {ends[-1]} items",
            )
    return [{name: tensor[start:end] for name, tensor in outputs.items()} for start, end in pairwise(ends)]
