"""If, Loop and Scan at given sizes. What a value decides that only a request brings is bounded: the dearer branch, all rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from infractl.domain.work import Work
from infractl.profile.program import Instruction
from infractl.profile.tensor import Tensor
from infractl.profile.trace import Place, Step, Trace, control, repeated

MOST_ROUNDS = 2**31
"""Exporters write the largest number that there is for "until the condition ends it": it is no bound."""

Bodies = Callable[[Mapping[str, Tensor | None]], Trace]
Values = Mapping[str, Tensor | None]


@dataclass(frozen=True, slots=True)
class Flow:
    """`work` is None where it is not known how often the bodies run. `inner`: what was evaluated, with the steps that count."""

    outputs: tuple[Tensor | None, ...]
    work: Work | None
    inner: tuple[tuple[Trace, Sequence[Step]], ...] = ()
    bounded: bool = False


def flow_of(
    instruction: Instruction, values: Values, bodies: Callable[[str], Bodies], place: Place, branches: dict[Place, str]
) -> Flow:
    """Evaluate the bodies of a node of control flow; `branches` remembers which one was the dearer."""
    match instruction.label:
        case "If" if {"then_branch", "else_branch"} <= set(instruction.bodies):
            return _if(instruction, values, bodies, place, branches)
        case "Loop" if "body" in instruction.bodies and len(instruction.bodies["body"].inputs) >= 2:
            return _loop(instruction, values, bodies("body"))
        case "Scan" if "body" in instruction.bodies and len(instruction.inputs) == len(instruction.bodies["body"].inputs):
            return _scan(instruction, values, bodies("body"))
    return _unknown(instruction)


def unrun(instruction: Instruction, place: Place) -> Iterator[Step]:
    """What the bodies hold, of which nothing is known."""
    for name, body in instruction.bodies.items():
        for number, inner in enumerate(body.walk()):
            yield Step((*place, name, number), inner.name, inner.label, None)


def _unknown(instruction: Instruction) -> Flow:
    return Flow((None,) * len(instruction.outputs), None)


def _if(
    instruction: Instruction, values: Values, bodies: Callable[[str], Bodies], place: Place, branches: dict[Place, str]
) -> Flow:
    condition = _scalar(values.get(instruction.inputs[0]))
    if condition is not None:
        taken = bodies("then_branch" if condition else "else_branch")({})
        return Flow(taken.outputs, control(instruction.label), ((taken, taken.steps),))
    both = {name: bodies(name)({}) for name in ("then_branch", "else_branch")}
    chosen = branches.setdefault(place, max(both, key=lambda name: both[name].dearness))
    dearer = both.pop(chosen)
    (other,) = both.values()
    return Flow(
        tuple(map(_without_value, dearer.outputs)),
        control(instruction.label),
        # Of the other branch counts what cannot be told: the dearer one may not be the dearer.
        ((dearer, dearer.steps), (replace(other, contradictions=0), other.uncosted)),
        bounded=True,
    )


def _loop(instruction: Instruction, values: Values, run: Bodies) -> Flow:
    body = instruction.bodies["body"]
    limit, going = (_at(instruction.inputs, place, values) for place in (0, 1))
    states = [values.get(name) for name in instruction.inputs[2:]]
    rounds = _scalar(limit)
    endless = len(instruction.inputs) < 2 or not instruction.inputs[1] or _scalar(going) is True
    if rounds is None or not 0 <= rounds < MOST_ROUNDS or len(body.inputs) != 2 + len(states):
        return _unknown(instruction)
    # What changes from round to round has the same shape, and another value.
    counter = Tensor(_INT64, ())
    truth = Tensor(_BOOL, (), value=_true()) if endless else Tensor(_BOOL, ())
    start = dict(zip(body.inputs, (counter, truth, *map(_without_value, states)), strict=True))
    once = run(start)
    kept = once.outputs[1 : 1 + len(states)]
    if rounds > 1 and not all(_same(before, after) for before, after in zip(states, kept, strict=True)):
        return _unknown(instruction)
    scanned = [known and Tensor(known.element_type, (rounds, *known.shape)) for known in once.outputs[1 + len(states) :]]
    ends = _scalar(once.outputs[0]) is not True
    steps = [repeated(step, rounds) for step in once.steps]
    return Flow(
        (*map(_without_value, kept if rounds else states), *scanned),
        control(instruction.label),
        ((once, steps if rounds else ()),),
        bounded=ends or not endless,
    )


def _scan(instruction: Instruction, values: Values, run: Bodies) -> Flow:
    """As it is since opset 9: states, then sequences, each along its axis."""
    body, attributes = instruction.bodies["body"], instruction.attributes
    sequences = int(attributes.get("num_scan_inputs", 0))
    given = [values.get(name) for name in instruction.inputs]
    states = given[: len(given) - sequences]
    axes = list(attributes.get("scan_input_axes", ())) or [0] * sequences
    slices = [_slice(known, axis) for known, axis in zip(given[len(states) :], axes, strict=False)]
    lengths = {length for length, _ in slices}
    if not sequences or len(slices) < sequences or len(lengths) != 1 or None in lengths:
        return _unknown(instruction)
    rounds = lengths.pop() or 0
    inner = [*map(_without_value, states), *(piece for _, piece in slices)]
    once = run(dict(zip(body.inputs, inner, strict=True)))
    kept, made = once.outputs[: len(states)], once.outputs[len(states) :]
    if not all(_same(before, after) for before, after in zip(states, kept, strict=False)):
        return _unknown(instruction)
    to = list(attributes.get("scan_output_axes", ())) or [0] * len(made)
    stacked = [_stacked(known, axis, rounds) for known, axis in zip(made, to, strict=False)]
    steps = [repeated(step, rounds) for step in once.steps]
    return Flow(
        (*map(_without_value, kept), *stacked), control(instruction.label), ((once, steps if rounds else ()),), bounded=False
    )


_INT64, _BOOL = 7, 9


def _true() -> Any:
    import numpy as np

    return np.array(True)


def _at(names: Sequence[str], place: int, values: Values) -> Tensor | None:
    return values.get(names[place]) if len(names) > place and names[place] else None


def _scalar(given: Tensor | None) -> Any:
    """The one element, where it is known."""
    if given is None or given.value is None or given.value.size != 1:
        return None
    return given.value.reshape(-1)[0].item()


def _without_value(given: Tensor | None) -> Tensor | None:
    """A value that a run may change."""
    return Tensor(given.element_type, given.shape) if given else None


def _same(before: Tensor | None, after: Tensor | None) -> bool:
    return before is not None and after is not None and before.shape == after.shape


def _slice(given: Tensor | None, axis: int) -> tuple[int | None, Tensor | None]:
    """The length of a sequence, and one piece of it."""
    if given is None or not -len(given.shape) <= axis < len(given.shape):
        return None, None
    sizes = list(given.shape)
    length = sizes.pop(axis)
    return length, Tensor(given.element_type, tuple(sizes))


def _stacked(given: Tensor | None, axis: int, rounds: int) -> Tensor | None:
    if given is None or not -len(given.shape) - 1 <= axis <= len(given.shape):
        return None
    sizes = list(given.shape)
    sizes.insert(axis if axis >= 0 else len(sizes) + 1 + axis, rounds)
    return Tensor(given.element_type, tuple(sizes))
