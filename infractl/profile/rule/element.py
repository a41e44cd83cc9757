"""Operators that compute element by element: simple ones, and those made of exponentials."""

from __future__ import annotations

from infractl.domain.work import Family, Work
from infractl.profile.node import Node
from infractl.profile.rule.build import ENGINE, Rules, each, named, result, work


def _between(node: Node) -> Work:
    """One operation between each two neighbours of any number of operands."""
    return work(node, Family.elementwise, (len(node.inputs) - 1) * result(node).elements)


_SIMPLE = {
    1: (
        *("Abs", "And", "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Ceil", "Equal", "Floor", "Greater"),
        *("GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual", "Mod", "Neg", "Not", "Or", "Pow", "Reciprocal", "Relu"),
        *("Round", "Sign", "Sqrt", "ThresholdedRelu", "Where", "Xor"),
    ),
    # Clip: two comparisons. LeakyRelu, PRelu, Shrink: one and a multiplication. Quantizing: scale and shift.
    2: ("Clip", "DequantizeLinear", "LeakyRelu", "PRelu", "QuantizeLinear", "Shrink"),
    3: ("DynamicQuantizeLinear", "RotaryEmbedding", "Softsign", "SwiGLU"),
    # HardSigmoid: multiply, add, two comparisons; HardSwish multiplies once more.
    4: ("HardSigmoid",),
    5: ("HardSwish",),
}

_EXPONENTIAL = {
    1: (
        *("Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cos", "Cosh", "Erf", "Exp", "Log", "Sin", "Sinh", "Tan"),
        *("Bernoulli", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"),
    ),
    3: ("Celu", "Elu", "Softplus"),
    # Sigmoid: negate, exponential, add, divide. Tanh and the softmaxes take one more, Selu a multiplication.
    4: ("Selu", "Sigmoid"),
    5: ("LogSoftmax", "Softmax", "Swish", "Tanh"),
    6: ("Mish",),
    8: ("Gelu",),
}

_FUSED = {
    ("FastGelu", "Gelu"): 9,
    ("QuickGelu", "QuickGelu"): 6,
    ("Gelu", "Gelu"): 8,
    ("BiasGelu", "BiasGelu"): 9,
    ("BiasSoftmax", "Softmax"): 6,
    ("QLinearSigmoid", "Sigmoid"): 6,
    ("QLinearSoftmax", "Softmax"): 7,
}
"""What the engine fused, and whose time it follows."""

_FUSED_SIMPLE = {
    "BiasAdd": 1,
    "QLinearAdd": 4,
    "QLinearMul": 4,
    "QLinearLeakyRelu": 4,
    "DequantizeLinear": 2,
    "QuantizeLinear": 2,
}

RULES: Rules = {
    **named(_between, "Add", "Div", "Max", "Mean", "Min", "Mul", "Sub", "Sum"),
    **{("", name): each(Family.elementwise, count) for count, names in _SIMPLE.items() for name in names},
    **{("", name): each(Family.transcendental, count) for count, names in _EXPONENTIAL.items() for name in names},
    **{(ENGINE, name): each(Family.transcendental, count, law) for (name, law), count in _FUSED.items()},
    **{(ENGINE, name): each(Family.elementwise, count) for name, count in _FUSED_SIMPLE.items()},
    (ENGINE, "RotaryEmbedding"): each(Family.elementwise, 3),
}
