"""Which rungs `spec.optimize` allows."""

from __future__ import annotations

from infractl.domain.precision import Precision
from infractl.domain.recipe import Pass, Recipe
from infractl.spec.section.optimize import Optimize, Pruning, Quantization
from infractl.spec.section.optimize import Precision as Allowed

SAFE = frozenset({Precision.fp32, Precision.fp16, Precision.bf16})
"""What keeps the answers' bits where it can: half of the digits, and none of the range that matters."""

AGGRESSIVE_SHARE = 0.75
"""Of a layer's units, that `aggressive` lets go where the document says nothing of it."""

_PRUNES = ("prune", "prune-trees")


def allows(optimize: Optimize, recipe: Recipe) -> bool:
    """Whether every technique in the recipe may be tried: by its pass's use and settings, and by the level."""
    if optimize.level == "off":
        return not (recipe.passes or recipe.options)
    uses = techniques(recipe)
    if optimize.level == "safe" and (recipe.dtype not in SAFE or uses - {"quantization"}):
        return False
    if any(optimize.passes.uses[use] == "off" for use in uses):
        return False
    return words(recipe) <= _precisions(optimize) and pruned_share(recipe) <= _most(optimize) + 1e-9


def techniques(recipe: Recipe) -> frozenset[str]:
    """By their keys in `spec.optimize.passes`."""
    names = {step.name for step in recipe.passes}
    found = {name for name, key in (("distill", "distillation"), ("search", "search")) if name in names for name in (key,)}
    if names.intersection(_PRUNES):
        found.add("pruning")
    return frozenset(found | ({"quantization"} if words(recipe) else set()))


def words(recipe: Recipe) -> frozenset[str]:
    """The precisions that the recipe brings numbers to, as `spec.optimize.passes.quantization.precisions` has them."""
    named = {step.name for step in recipe.passes} & set(Allowed)
    return frozenset(named or ({str(Allowed.bf16)} if recipe.dtype is Precision.bf16 else set()))


def pruned_share(recipe: Recipe) -> float:
    """Of a layer's units, or of the trees, that go; 0 where none do."""
    return max((_gone(step) for step in recipe.passes if step.name in _PRUNES), default=0.0)


def _gone(step: Pass) -> float:
    return float(step.settings.get("share", 0.5)) if step.name == "prune" else 1 - float(step.settings.get("keep", 0.5))


def _precisions(optimize: Optimize) -> frozenset[str]:
    quantization = optimize.passes.quantization
    return frozenset(map(str, quantization.precisions if isinstance(quantization, Quantization) else Allowed))


def _most(optimize: Optimize) -> float:
    pruning = optimize.passes.pruning
    if isinstance(pruning, Pruning):
        return pruning.most
    return max(Pruning().most, AGGRESSIVE_SHARE) if optimize.level == "aggressive" else Pruning().most
