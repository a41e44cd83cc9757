"""Which sort of model it is, told by its operators: sorts are made faster in different ways."""

from __future__ import annotations

from enum import StrEnum

from infractl.domain.profile import ModelProfile, OperatorCost
from infractl.domain.work import Family

_CONVOLUTIONS = (Family.convolution, Family.depthwise)


class ModelSort(StrEnum):
    """`other` is what neither rule tells: recurrent networks, and whatever has no products at all."""

    trees = "trees"
    conv = "conv"
    dense = "dense"
    transformer = "transformer"
    other = "other"


def sort_of(profile: ModelProfile) -> ModelSort:
    """Trees where it has any; by most of its products' operations a net of convolutions, or one of matrix products.

    Among the latter, what multiplies activations with each other attends.
    """
    operators = profile.given.operators
    if any(o.family is Family.tree for o in operators):
        return ModelSort.trees
    if any(o.family is Family.recurrent for o in operators):
        return ModelSort.other
    products = [o for o in operators if o.family in (Family.product, *_CONVOLUTIONS)]
    total = sum(_flops(profile, o) for o in products)
    if not total:
        return ModelSort.other
    if sum(_flops(profile, o) for o in products if o.family in _CONVOLUTIONS) > total / 2:
        return ModelSort.conv
    attends = any(o.weight_bytes == 0 for o in products) and any(o.operator == "Softmax" for o in operators)
    return ModelSort.transformer if attends else ModelSort.dense


def _flops(profile: ModelProfile, operator: OperatorCost) -> float:
    """Of one item, where sizes that nobody knows are 64: 1 would hide what grows with their square."""
    return max(0.0, operator.flops.at({name: 1.0 if name == profile.batch else 64.0 for name in profile.dimensions}))
