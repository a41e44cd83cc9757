"""Several requests in one call of the model: their inputs are joined along the batch, and the outputs split again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import accumulate, pairwise
from typing import TypeAlias

import numpy as np

from infractl.engines.engine import Session
from infractl.errors import ModelError
from infractl.tensors import Tensor

Tensors: TypeAlias = Mapping[str, Tensor]


def answer(session: Session, requests: Sequence[Tensors]) -> list[Tensors | ModelError]:
    """The outputs for each request, or why there are none. If the joined call fails, each is run alone: a bad one fails alone."""
    if len(requests) > 1:
        # Which of them it was, and why, is found below.
        with suppress(Exception):
            return list(_joined(session, requests))
    return [_alone(session, inputs) for inputs in requests]


def _alone(session: Session, inputs: Tensors) -> Tensors | ModelError:
    try:
        return session.run(inputs)
    except ModelError as error:
        return error
    except Exception as error:  # noqa: BLE001 - an engine's own bug fails this request: if it ended the thread, the next would hang
        return ModelError.of(
            "model-run", summary="the engine cannot run the model on these inputs", detail=f"{type(error).__name__}: {error}"
        )


def _joined(session: Session, requests: Sequence[Tensors]) -> Sequence[Tensors]:
    first, *_ = names = list(requests[0])
    ends = list(accumulate([inputs[first].shape[0] for inputs in requests], initial=0))
    outputs = session.run({name: np.concatenate([inputs[name] for inputs in requests]) for name in names})
    for name, tensor in outputs.items():
        if not tensor.shape or tensor.shape[0] != ends[-1]:
            raise ModelError.of(
                "model-batch",
                summary="an output does not have the batch as its first axis",
                detail=f"{name} has the shape {list(tensor.shape)} for {ends[-1]} items",
            )
    return [{name: tensor[start:end] for name, tensor in outputs.items()} for start, end in pairwise(ends)]
