"""What the operators give that ONNX Runtime writes into a graph when it fuses and lays out anew (`com.microsoft`, its `nchwc`).

Most are a standard operator with something added, and are inferred as that. Their definitions: docs/ContribOperators.md and
core/graph/contrib_ops of ONNX Runtime 1.22 to 1.32.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from infractl.profile.infer import infer_as
from infractl.profile.tensor import Tensor

Inputs = Sequence[Tensor | None]
Attributes = Mapping[str, Any]
Outputs = list[Tensor | None]
Rule = Callable[[Inputs, Attributes], Outputs]

_CONVOLUTION = ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides")
_TRANSPOSED = (*_CONVOLUTION, "output_padding", "output_shape")
_POOLING = ("auto_pad", "ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides")
_INT8, _UINT8 = 3, 2
_FLOAT = 1


def engine_shape(domain: str, operator: str, inputs: Inputs, attributes: Attributes) -> Outputs | None:
    """The outputs' types and shapes, or None where there is no rule or the inputs do not fit it. Raises ContradictionError."""
    rule = _RULES.get((domain, operator))
    if rule is None or not inputs:
        return None
    try:
        return rule(inputs, attributes)
    except (IndexError, AttributeError, KeyError, TypeError, ValueError):
        # With fewer inputs, axes or attributes than the operator has.
        return None


def _as(operator: str, takes: int, attributes: Sequence[str] = ()) -> Rule:
    """As the standard operator with the first `takes` inputs and those of its attributes that it knows."""

    def rule(inputs: Inputs, given: Attributes) -> Outputs:
        return infer_as(operator, inputs[:takes], {name: given[name] for name in attributes if name in given})

    return rule


def _first(inputs: Inputs, attributes: Attributes) -> Outputs:
    """As the first input, and no other output that anybody reads."""
    return [_like(inputs[0])]


def _like(given: Tensor | None, element_type: int | None = None) -> Tensor | None:
    return Tensor(element_type or given.element_type, given.shape) if given else None


def _skip_normalization(inputs: Inputs, attributes: Attributes) -> Outputs:
    """The normalized sum, mean and deviation (which only training asks for), and the sum."""
    return [_like(inputs[0]), None, None, _like(inputs[0])]


def _matrix_product(inputs: Inputs, attributes: Attributes) -> Outputs:
    """A FusedMatMul takes each operand as it is or transposed: in its last two axes, or its first axis moved before the last."""
    left = _transposed(inputs[0], attributes.get("transA", 0), attributes.get("transBatchA", 0))
    right = _transposed(inputs[1], attributes.get("transB", 0), attributes.get("transBatchB", 0))
    return infer_as("MatMul", [left, right])


def _transposed(given: Tensor | None, last: int, batch: int) -> Tensor | None:
    if given is None or len(given.shape) < 2:
        return given
    shape = given.shape
    if batch:
        shape = (*shape[1:-1], shape[0], shape[-1])
    if last:
        shape = (*shape[:-2], shape[-1], shape[-2])
    return Tensor(given.element_type, shape)


def _blocked_convolution(inputs: Inputs, attributes: Attributes) -> Outputs:
    """The weights' channels are filled up to whole blocks, the input's perhaps not: what the weights say holds."""
    image, weight = inputs[0], inputs[1]
    if image is None or weight is None:
        return [None]
    channels = weight.shape[1] * attributes.get("group", 1)
    filled = Tensor(image.element_type, (image.shape[0], channels, *image.shape[2:]))
    return _as("Conv", 2, _CONVOLUTION)([filled, weight], attributes)


def _reorder_input(inputs: Inputs, attributes: Attributes) -> Outputs:
    image = inputs[0]
    if image is None or not attributes.get("channels_last"):
        return _first(inputs, attributes)
    batch, *sizes, channels = image.shape
    return [Tensor(image.element_type, (batch, channels, *sizes))]


def _reorder_output(inputs: Inputs, attributes: Attributes) -> Outputs:
    image = inputs[0]
    if image is None:
        return [None]
    batch, _, *sizes = image.shape
    channels = attributes["channels"]
    shape = (batch, *sizes, channels) if attributes.get("channels_last") else (batch, channels, *sizes)
    return [Tensor(image.element_type, shape)]


def _enlarged(inputs: Inputs, attributes: Attributes) -> Outputs:
    image, scales = inputs[0], attributes["scales"]
    if image is None:
        return [None]
    return [Tensor(image.element_type, tuple(s * int(scale) for s, scale in zip(image.shape, scales, strict=True)))]


def _attention(inputs: Inputs, attributes: Attributes) -> Outputs:
    """Input and one matrix for query, key and value, which share its columns."""
    given, weights = inputs[0], inputs[1]
    if given is None or weights is None:
        return [None]
    sizes = attributes.get("qkv_hidden_sizes")
    width = sizes[2] if sizes else weights.shape[1] // 3
    return [Tensor(given.element_type, (*given.shape[:2], width))]


def _many_headed_attention(inputs: Inputs, attributes: Attributes) -> Outputs:
    """Query [batch, length, width] and a value of its own width, or all packed [batch, length, heads, 3, width of a head]."""
    query, value = inputs[0], inputs[2] if len(inputs) > 2 else None
    if query is None:
        return [None]
    width = query.shape[2] * query.shape[4] if len(query.shape) == 5 else query.shape[2]
    if value is not None:
        width = value.shape[2] if len(value.shape) == 3 else value.shape[1] * value.shape[3]
    return [Tensor(query.element_type, (*query.shape[:2], width))]


def _grouped_attention(inputs: Inputs, attributes: Attributes) -> Outputs:
    """Query, or query, key and value side by side; the cache grows by what is new where its buffer is not shared."""
    query, key, past = inputs[0], inputs[1], inputs[3] if len(inputs) > 3 else None
    if query is None:
        return [None]
    heads, cached = attributes["num_heads"], attributes["kv_num_heads"]
    width = query.shape[2] if key else query.shape[2] * heads // (heads + 2 * cached)
    each = width // heads
    length = query.shape[1] + (past.shape[2] if past else 0)
    cache = Tensor(query.element_type, (query.shape[0], cached, length, each))
    return [Tensor(query.element_type, (*query.shape[:2], width)), cache, cache]


def _embedding(inputs: Inputs, attributes: Attributes) -> Outputs:
    ids, table = inputs[0], inputs[2]
    if ids is None or table is None:
        return [None]
    summed = Tensor(table.element_type, (*ids.shape, table.shape[1]))
    return [summed, Tensor(ids.element_type, ids.shape[:1]), summed]


def _dynamic_lstm(inputs: Inputs, attributes: Attributes) -> Outputs:
    """An LSTM whose weights are transposed and of 8 bits."""
    given, recurrent = inputs[0], inputs[2]
    if given is None or recurrent is None:
        return [None]
    length, batch = given.shape[:2]
    directions, hidden = recurrent.shape[:2]
    state = Tensor(given.element_type, (directions, batch, hidden))
    return [Tensor(given.element_type, (length, directions, batch, hidden)), state, state]


def _few_bits_product(inputs: Inputs, attributes: Attributes) -> Outputs:
    given = inputs[0]
    return [Tensor(given.element_type, (*given.shape[:-1], attributes["N"])) if given else None]


def _to_float_product(inputs: Inputs, attributes: Attributes) -> Outputs:
    """Products of integers that come out as fractions."""
    return [_like(known, _FLOAT) for known in infer_as("MatMul", [_like(inputs[0], _FLOAT), _like(inputs[1], _FLOAT)])]


def _quantized_pair(inputs: Inputs, attributes: Attributes) -> Outputs:
    """Both operands come with a scale and a zero point behind them."""
    return [_like(known) for known in infer_as("Add", [inputs[0], inputs[3]])]


def _quantized_concat(inputs: Inputs, attributes: Attributes) -> Outputs:
    """The scale and zero point of what comes out, then each operand with its own."""
    return infer_as("Concat", inputs[2::3], {"axis": attributes["axis"]})


def _quantized_gemm(inputs: Inputs, attributes: Attributes) -> Outputs:
    """With a scale for what comes out it is of 8 bits, else fractions."""
    transposed = {name: attributes[name] for name in ("transA", "transB") if name in attributes}
    known = infer_as("Gemm", [_like(inputs[0], _FLOAT), _like(inputs[3], _FLOAT)], transposed)
    scaled = len(inputs) > 7 and inputs[7] is not None
    return [_like(known[0], inputs[0].element_type if scaled and inputs[0] else _FLOAT)]


def _quantized(rule: Rule, operands: Sequence[int]) -> Rule:
    """As the same rule for fractions, its operands picked from among scales and zero points; the element type is the first's."""

    def quantized(inputs: Inputs, attributes: Attributes) -> Outputs:
        image = inputs[0]
        if image is None:
            return [None]
        last = bool(attributes.get("channels_last"))
        picked = [_like(inputs[place], _FLOAT) for place in operands]
        found = rule([_channels_first(picked[0]) if last else picked[0], *picked[1:]], attributes)
        return [_like(_channels_last(found[0]) if last else found[0], image.element_type)]

    return quantized


def _channels_first(given: Tensor | None) -> Tensor | None:
    return Tensor(given.element_type, (given.shape[0], given.shape[-1], *given.shape[1:-1])) if given else None


def _channels_last(given: Tensor | None) -> Tensor | None:
    return Tensor(given.element_type, (given.shape[0], *given.shape[2:], given.shape[1])) if given else None


def _dequantized(inputs: Inputs, attributes: Attributes) -> Outputs:
    scale = inputs[1]
    return [_like(inputs[0], scale.element_type if scale else _FLOAT)]


def _quantize(inputs: Inputs, attributes: Attributes) -> Outputs:
    zero = inputs[2] if len(inputs) > 2 else None
    return [_like(inputs[0], zero.element_type if zero else _UINT8)]


_ENGINE: dict[str, Rule] = {
    **dict.fromkeys(("FusedConv",), _as("Conv", 3, _CONVOLUTION)),
    "FusedGemm": _as("Gemm", 3, ("alpha", "beta", "transA", "transB")),
    **dict.fromkeys(("FusedMatMul", "FusedMatMulActivation", "TransposeMatMul"), _matrix_product),
    **dict.fromkeys(("BiasGelu", "FastGelu", "Gelu", "QuickGelu", "BiasSoftmax", "BiasAdd", "RotaryEmbedding"), _first),
    **dict.fromkeys(("QLinearSigmoid", "QLinearLeakyRelu", "QLinearSoftmax"), _first),
    **dict.fromkeys(("SkipLayerNormalization", "SkipSimplifiedLayerNormalization"), _skip_normalization),
    "EmbedLayerNormalization": _embedding,
    **dict.fromkeys(("Attention", "QAttention"), _attention),
    "MultiHeadAttention": _many_headed_attention,
    "GroupQueryAttention": _grouped_attention,
    "DynamicQuantizeLSTM": _dynamic_lstm,
    **dict.fromkeys(("DynamicQuantizeMatMul", "MatMulIntegerToFloat"), _to_float_product),
    "MatMulNBits": _few_bits_product,
    **dict.fromkeys(("QLinearAdd", "QLinearMul"), _quantized_pair),
    "QLinearConcat": _quantized_concat,
    "QGemm": _quantized_gemm,
    "QLinearConv": _quantized(_as("Conv", 2, _CONVOLUTION), (0, 3)),
    "QLinearAveragePool": _quantized(_as("AveragePool", 1, _POOLING), (0,)),
    "QLinearGlobalAveragePool": _quantized(_as("GlobalAveragePool", 1), (0,)),
    "NhwcMaxPool": lambda inputs, attributes: _quantized(_as("MaxPool", 1, _POOLING), (0,))(
        inputs, {**attributes, "channels_last": 1}
    ),
    "DequantizeLinear": _dequantized,
    "QuantizeLinear": _quantize,
}

_BLOCKED: dict[str, Rule] = {
    "Conv": _blocked_convolution,
    "MaxPool": _as("MaxPool", 1, _POOLING),
    "AveragePool": _as("AveragePool", 1, _POOLING),
    "GlobalMaxPool": _as("GlobalMaxPool", 1),
    "GlobalAveragePool": _as("GlobalAveragePool", 1),
    "ReorderInput": _reorder_input,
    "ReorderOutput": _reorder_output,
    "Upsample": _enlarged,
}

# Standard by domain but known to the engine alone, or to onnx only since a later opset.
_DEFAULT: dict[str, Rule] = {
    **dict.fromkeys(("LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization", "Gelu"), _first),
    **dict.fromkeys(("GroupNormalization", "MeanVarianceNormalization"), _first),
}

_RULES: dict[tuple[str, str], Rule] = {
    **{("com.microsoft", operator): rule for operator, rule in _ENGINE.items()},
    **{("com.microsoft.nchwc", operator): rule for operator, rule in _BLOCKED.items()},
    **{("com.ms.internal.nhwc", operator): rule for operator, rule in _ENGINE.items()},
    **{("", operator): rule for operator, rule in _DEFAULT.items()},
}
