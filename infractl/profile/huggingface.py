"""The profile of a language model: its config.json, and beside it what the headers of its weights say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from infractl.domain.language_model import LanguageModel
from infractl.domain.language_profile import LanguageProfile, StoredWeights
from infractl.profile.language.config import read_config
from infractl.profile.language.family import language_model
from infractl.profile.language.safetensors import stored_weights

CONFIG = "config.json"

_APART = 0.01
"""Config and files that differ by more than this share do not describe one model."""


def profile_huggingface(path: Path) -> LanguageProfile:
    """Of a directory with a config.json, or of that file.

    Raises ModelError where it cannot be read, where its architecture is not known or a size is missing, and where weights lie
    beside it that are damaged.
    """
    config = path if path.name == CONFIG and not path.is_dir() else path / CONFIG
    values, digest = read_config(config)
    model, notes = language_model(values, config)
    stored = stored_weights(config.parent)
    return LanguageProfile(digest=digest, model=model, stored=stored, notes=(*notes, *_differences(model, stored)))


def _differences(model: LanguageModel, stored: StoredWeights | None) -> Iterator[str]:
    """What the weights' headers say otherwise than the config."""
    if stored is None:
        return
    if stored.missing:
        yield f"{stored.missing} of {stored.files + stored.missing} files of weights are not here: parameters are the config's"
    elif stored.parameters is None:
        yield "the weights are packed, several to an element: parameters are the config's, bytes those of the files"
    elif abs(stored.parameters / model.parameters - 1) > _APART:
        yield (
            f"the files hold {stored.parameters:,} parameters, and the config describes {model.parameters:,}: "
            "the number above is the files', and what follows from layers and heads is the config's"
        )
