"""How many bytes a weight takes, by the dtype and the quantization that a config.json declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infractl.domain.language_model import ElementSizes
from infractl.profile.language.config import Config
from infractl.tensors import Dtype

_DTYPES = {"float32": Dtype.float32, "float16": Dtype.float16, "bfloat16": Dtype.bfloat16, "float64": Dtype.float64}

_MXFP4_BITS = 4.25
"""Four bits, and eight of a common exponent for each 32 elements: OCP Microscaling Formats v1.0, section 5.2."""

_SCALE_BITS = 16
_GROUP = 128
"""GPTQ and AWQ keep a float16 scale and a zero point for each group; 128 elements where `group_size` is not given."""

_BLOCK_SCALE_BITS, _BLOCK = 32, 64
"""bitsandbytes' 4-bit types keep a float32 maximum for each 64 elements: QLoRA, arXiv 2305.14314, section 3."""


def dtype_of(config: Config, root: Mapping[str, Any]) -> Dtype:
    """`torch_dtype`, or `dtype` as newer files have it. Without one the weights are float32, which is transformers' default."""
    names = [v[key] for v in (config.values, root) for key in ("dtype", "torch_dtype") if v.get(key) is not None]
    if not names:
        config.notes.append("no dtype is declared: elements count as float32")
        return Dtype.float32
    known = _DTYPES.get(str(names[0]).removeprefix("torch."))
    if known is None:
        config.notes.append(f"the dtype {str(names[0])[:40]} is not known: elements count as float32")
    return known or Dtype.float32


def quantized(config: Config, root: Mapping[str, Any], dtype: Dtype) -> tuple[str | None, ElementSizes]:
    """The method's name, if there is a `quantization_config`, and the bytes of a weight in each part."""
    plain = ElementSizes.uniform(float(dtype.size_bytes or 0))
    declared = config.values.get("quantization_config") or root.get("quantization_config")
    if not isinstance(declared, Mapping):
        return None, plain
    method = str(declared.get("quant_method") or ("bitsandbytes" if "load_in_4bit" in declared else "unnamed"))[:40]
    bits = _bits(method, declared)
    if bits is None:
        config.notes.append(f"the quantization {method} is not known: weights count as {dtype}")
        return method, plain
    size = bits / 8
    layers = plain.layers if method == "mxfp4" else size
    return method, ElementSizes(layers=layers, experts=size, ends=plain.ends)


def _bits(method: str, declared: Mapping[str, Any]) -> float | None:
    match method:
        case "mxfp4":
            return _MXFP4_BITS
        case "fp8" | "fbgemm_fp8":
            return 8.0
        case "gptq" | "awq":
            return _grouped(declared.get("bits", declared.get("w_bit")), declared.get("group_size", declared.get("q_group_size")))
        case "bitsandbytes" if declared.get("load_in_8bit") is True:
            return 8.0
        case "bitsandbytes" if declared.get("load_in_4bit") is True:
            return 4 + _BLOCK_SCALE_BITS / _BLOCK
        case "compressed-tensors":
            return _compressed(declared)
    return None


def _compressed(declared: Mapping[str, Any]) -> float | None:
    """The weights' bits, where all groups of layers have the same."""
    groups = declared.get("config_groups")
    weights = [g.get("weights") for g in groups.values() if isinstance(g, Mapping)] if isinstance(groups, Mapping) else []
    schemes = [w for w in weights if isinstance(w, Mapping)]
    if not schemes or len({w.get("num_bits") for w in schemes}) != 1:
        return None
    group = schemes[0].get("group_size")
    return _grouped(schemes[0]["num_bits"], group) if group else _whole(schemes[0].get("num_bits"))


def _grouped(bits: object, group: object) -> float | None:
    """Bits a weight with its share of a group's scale and zero point."""
    each = _whole(bits)
    size = group if type(group) is int and group > 0 else _GROUP
    return None if each is None else each + (_SCALE_BITS + each) / size


def _whole(bits: object) -> float | None:
    return float(bits) if type(bits) is int and 1 <= bits <= 32 else None
