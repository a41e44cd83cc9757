"""The recipes that a sort of chip may be given, gentlest first, as far as the document lets the model be changed.

A rung is a value that placement costs before anything is built: whether its answers are as good, the optimizer has to prove.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

from infractl.domain.chip import Chip
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.optimization import Tried
from infractl.domain.precision import Precision
from infractl.domain.profile import ModelProfile
from infractl.domain.recipe import AS_GIVEN, Pass, Recipe
from infractl.domain.unknown import Unknown
from infractl.placement.allowed import allows, techniques
from infractl.placement.model_sort import ModelSort, sort_of
from infractl.placement.rung import INSTRUCTIONS, rungs
from infractl.placement.same import Same
from infractl.spec.section.optimize import Optimize, Quantization
from infractl.spec.section.optimize import Precision as Allowed
from infractl.spec.service import InferenceService
from infractl.tensors import Dtype

LANGUAGE: tuple[Precision, ...] = (Precision.bf16, Precision.fp8, Precision.int8, Precision.int4, Precision.fp4)
"""Of a language model, whose engines store weights in these."""


def ladder(
    service: InferenceService, profile: ModelProfile, chip: Chip, *, hopeful: bool, tried: Sequence[Tried] = ()
) -> Sequence[Recipe]:
    """The rungs to cost on a chip: as given, and, where one may hope for what is not built yet, those that the document allows.

    A rung whose precision the chip is not known to have is left out. The model as it is given stays, so that the reason against
    it shows. A smaller graph is hoped for only where the document requires one: a budget must not count on what mostly has to
    be tried several times.
    """
    if not hopeful:
        # Without hope for what may be built, what was, and has proven itself.
        return (AS_GIVEN, *(each.recipe for each in tried if each.refusal is None and each.recipe != AS_GIVEN))
    if service.model.validation is None:
        # Without data to prove it on, nothing that could change answers.
        return (AS_GIVEN,)
    precisions = frozenset(each for each, peak in chip.peak_flops_per_s.items() if not isinstance(peak, Unknown))
    hoped = _hoped(_sort(Same(profile)), chip.hardware_class, chip.family, precisions, Same(service.spec.optimize))
    return (AS_GIVEN, *hoped)


@lru_cache(maxsize=256)
def _hoped(
    sort: ModelSort, hardware: HardwareClass, family: str, precisions: frozenset[Precision], asked: Same
) -> tuple[Recipe, ...]:
    """Kept: most chips of a sort differ in nothing that a ladder depends on."""
    optimize: Optimize = asked.value
    uses = optimize.passes.uses
    known = (rung for rung in rungs(sort, hardware, INSTRUCTIONS.get(family, ())) if rung.dtype in precisions)
    likely = (r for r in known if all(uses[t] == "required" for t in techniques(r) - {"quantization"}))
    return tuple(rung for rung in likely if allows(optimize, rung))


@lru_cache(maxsize=64)
def _sort(profile: Same) -> ModelSort:
    """Kept: it is the same on every chip, and for every service of the model."""
    return sort_of(profile.value)


def climbable(optimize: Optimize, profile: ModelProfile, chip: Chip, instructions: Collection[str]) -> Sequence[Recipe]:
    """The rungs to build for a chip that is here, above the model as it is given: a try tells whether it is any good at them."""
    above = rungs(sort_of(profile), chip.hardware_class, instructions)
    return tuple(rung for rung in above if allows(optimize, rung))


def language_ladder(service: InferenceService, profile: LanguageProfile, *, hopeful: bool) -> Sequence[Precision]:
    """The precisions to cost a language model at: that of its weights as they are given, and those that it may be brought to."""
    given = given_precision(profile)
    narrower = [p for p in LANGUAGE if p.bytes < given.bytes and _may_be(service, p)] if hopeful else []
    return (given, *narrower)


def given_precision(profile: LanguageProfile) -> Precision:
    """What the weights are kept in: by the quantization that is declared, else by their type."""
    quantization = (profile.model.quantization or "").lower()
    for word, precision in _QUANTIZATIONS.items():
        if word in quantization:
            return precision
    return Precision.fp16 if profile.model.dtype is Dtype.float16 else Precision.bf16


def language_recipe(profile: LanguageProfile, precision: Precision) -> Recipe:
    """What an engine for language models does with the weights when it opens them: nothing where they are kept so."""
    name = precision.lower()
    passes = () if precision is given_precision(profile) else (Pass(name=name, settings={}),)
    return Recipe(name=name, dtype=precision, passes=passes, engine="vllm")


_QUANTIZATIONS = {
    "fp8": Precision.fp8,
    "fp4": Precision.fp4,
    "awq": Precision.int4,
    "gptq": Precision.int4,
    "int4": Precision.int4,
    "int8": Precision.int8,
}
"""By what the word of a config.json has in it."""

_WORDS = {
    Precision.fp8: Allowed.fp8,
    Precision.int8: Allowed.int8_static,
    Precision.int4: Allowed.int4_weights,
}


def _may_be(service: InferenceService, precision: Precision) -> bool:
    word = _WORDS.get(precision)
    if word is None or not _quantizes(service) or service.spec.optimize.level == "safe":
        return False
    quantization = service.spec.optimize.passes.quantization
    return word in (quantization.precisions if isinstance(quantization, Quantization) else tuple(Allowed))


def _quantizes(service: InferenceService) -> bool:
    optimize = service.spec.optimize
    proven = service.model.validation is not None
    return optimize.level != "off" and proven and optimize.passes.uses["quantization"] != "off"
