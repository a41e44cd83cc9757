"""One instruction at known sizes: what it gives and what it costs. What it gave for the same operands is remembered."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

from infractl.domain.work import Work
from infractl.profile.engine_shape import engine_shape
from infractl.profile.infer import ContradictionError, infer, infer_as
from infractl.profile.learning_shape import learning_shape
from infractl.profile.node import Node
from infractl.profile.program import Instruction
from infractl.profile.small_value import compute, is_computed, shape_of
from infractl.profile.tensor import Tensor

MOST_ELEMENTS = 2**53
"""Beyond this no count is exact, and no machine has room for it: such a tensor is no result."""

Rule = Callable[[Node], Work | None]

_RANDOM = frozenset({"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike"})
_UNFOLDED = _RANDOM | {"DequantizeLinear"}
"""Operators that an engine runs each time, whatever they take. A DequantizeLinear is kept to be joined with what reads it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`folded`: it takes nothing but weights, so it is computed once, when the model is opened. `contradiction`: these sizes
    do not fit it."""

    outputs: tuple[Tensor | None, ...]
    work: Work | None
    folded: bool = False
    contradiction: str = ""


class Stepper:
    """Takes one instruction after the other through the rules of shape and then of cost."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._known: dict[Hashable, Outcome] = {}

    def step(self, instruction: Instruction, inputs: Sequence[Tensor | None], opsets: Mapping[str, int]) -> Outcome:
        """`inputs` beside `instruction.inputs`; None for one that is not known or left out."""
        key = (instruction.structure, tuple(None if given is None else given.key for given in inputs))
        if key not in self._known:
            self._known[key] = self._take(instruction, inputs, opsets)
        return self._known[key]

    def _take(self, instruction: Instruction, inputs: Sequence[Tensor | None], opsets: Mapping[str, int]) -> Outcome:
        present = [given for name, given in zip(instruction.inputs, inputs, strict=True) if name]
        if any(given is None for given in present):
            return Outcome((None,) * len(instruction.outputs), None)
        folded = all(given is not None and given.constant for given in present) and instruction.operator not in _UNFOLDED
        try:
            outputs = _outputs(instruction, inputs, opsets)
        except ContradictionError as error:
            return Outcome((None,) * len(instruction.outputs), None, folded, contradiction=str(error))
        if _vanishes(instruction, present, outputs):
            return Outcome((None,) * len(instruction.outputs), None, folded, contradiction="the window is larger than the image")
        if any(known and known.elements > MOST_ELEMENTS for known in outputs):
            return Outcome((None,) * len(instruction.outputs), None, folded, contradiction="it would not fit into any memory")
        if folded:
            outputs = [known and Tensor(known.element_type, known.shape, True, known.value) for known in outputs]
        return Outcome(tuple(outputs), self._work(instruction, inputs, outputs), folded)

    def _work(self, instruction: Instruction, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor | None]) -> Work | None:
        if any(name and known is None for name, known in zip(instruction.outputs, outputs, strict=True)):
            return None
        node = Node(
            name=instruction.name,
            operator=instruction.operator,
            domain=instruction.domain,
            inputs=tuple(given.operand() if given else None for given in inputs),
            outputs=tuple(known.operand() if known else None for known in outputs),
            attributes=instruction.attributes,
        )
        return self._rule(node)


def _vanishes(instruction: Instruction, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor | None]) -> bool:
    """Whether nothing is left of an image because it is smaller than what slides over it."""
    if not instruction.operator.endswith(("Conv", "Pool")):
        return False
    return any(known and not known.elements for known in outputs) and all(given and given.elements for given in inputs)


def _outputs(instruction: Instruction, inputs: Sequence[Tensor | None], opsets: Mapping[str, int]) -> list[Tensor | None]:
    if not instruction.domain and instruction.operator in ("Shape", "Size"):
        return [shape_of(instruction, inputs[0])]
    shapes = _shapes(instruction, inputs, opsets)
    if is_computed(instruction):
        present = [given for name, given in zip(instruction.inputs, inputs, strict=True) if name]
        computed = compute(instruction, present, shapes, opsets)
        if computed is not None and len(computed) == len(shapes):
            return computed
    return shapes


def _shapes(instruction: Instruction, inputs: Sequence[Tensor | None], opsets: Mapping[str, int]) -> list[Tensor | None]:
    """The first of the rules that knows: ours for what onnx lacks, onnx's own, onnx's newest for what it calls outdated."""
    count = len(instruction.outputs)
    if instruction.domain == "ai.onnx.ml":
        learned = learning_shape(instruction.operator, inputs, instruction.attributes)
        if learned is not None:
            return _filled(learned, count)
    named = {f"i{place}": given for place, given in enumerate(inputs) if given is not None}
    found: list[Tensor | None] = [None] * count
    refusal: ContradictionError | None = None
    try:
        found = infer(instruction, named, opsets)
    except ContradictionError as error:
        refusal = error
    if any(name and known is None for name, known in zip(instruction.outputs, found, strict=True)):
        ruled = engine_shape(instruction.domain, instruction.operator, inputs, instruction.attributes)
        if ruled is None and refusal is not None and refusal.outdated and not instruction.domain:
            ruled = infer_as(instruction.operator, inputs, instruction.attributes, count)
        if ruled is not None:
            return _filled(ruled, count)
    if refusal is not None:
        raise refusal
    return found


def _filled(found: Sequence[Tensor | None], count: int) -> list[Tensor | None]:
    return [*found, *([None] * count)][:count]
