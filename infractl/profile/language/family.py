"""Which reader knows which `model_type`, and what a config is told whose family none knows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infractl.domain.language_model import LanguageModel
from infractl.errors import ModelError
from infractl.profile.language.config import Config
from infractl.profile.language.decoder import DECODERS, gated_decoder
from infractl.profile.language.element import dtype_of, quantized
from infractl.profile.language.encoder import encoder
from infractl.profile.language.latent import latent_decoder
from infractl.profile.language.part import Parts
from infractl.profile.language.plain import gpt2, gpt_neox

_READERS: Mapping[str, Callable[[Config], Parts]] = {
    **dict.fromkeys(DECODERS, gated_decoder),
    "deepseek_v2": latent_decoder,
    "deepseek_v3": latent_decoder,
    "gpt2": gpt2,
    "gpt_neox": gpt_neox,
    "bert": encoder,
    "roberta": encoder,
    "xlm-roberta": encoder,
}

FAMILIES = tuple(sorted(_READERS))


def language_model(values: Mapping[str, Any], path: Path) -> tuple[LanguageModel, tuple[str, ...]]:
    """The model that a config describes, and what should be known of it.

    Of a config with several parts, the one that `text_config` describes. Raises ModelError where its family is not known, or
    with every size that is missing or wrong.
    """
    inner = values.get("text_config")
    text = inner if isinstance(inner, Mapping) else values
    family = text.get("model_type", values.get("model_type") if text is not values else None)
    reader = _READERS.get(family) if isinstance(family, str) else None
    if reader is None:
        raise _unknown(family, path)
    config = Config(text, path)
    if text is not values:
        config.notes.append("only the text part is counted: the config describes others too, such as one for images")
    dtype = dtype_of(config, values)
    quantization, declared = quantized(config, values, dtype)
    parts = reader(config)
    config.check()
    model = LanguageModel(
        family=str(family),
        generates=parts.generates,
        hidden=parts.hidden,
        vocabulary=parts.vocabulary,
        tied=parts.tied,
        context=parts.context,
        dtype=dtype,
        quantization=quantization,
        declared=declared,
        embedding_parameters=parts.embedding_parameters,
        head_parameters=0 if parts.tied or not parts.generates else parts.vocabulary * parts.hidden,
        other_parameters=parts.other_parameters,
        layers=parts.layers,
    )
    return model, tuple(config.notes)


def _unknown(family: object, path: Path) -> ModelError:
    named = isinstance(family, str) and family
    return ModelError.of(
        "language-model-unknown",
        summary="the model's architecture is not known here",
        detail=f"its model_type is {str(family)[:60]}" if named else "it has no model_type, which names the architecture",
        at=str(path),
        remedy=f"known are {', '.join(FAMILIES)}; export another model to ONNX, and profile that file",
    )
