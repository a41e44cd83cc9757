"""What activations take at each moment of a run, in the order of the graph.

A tensor takes room from the node that makes it to the last that reads it. A view shares what it looks at; what is computed
element by element takes the room of an operand that nobody reads afterwards. A request's inputs stay for the whole run and the
outputs to its end. So does ONNX Runtime by its memory plan (core/framework/allocation_planner.cc), fragmentation aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from infractl.domain.work import Family
from infractl.profile.program import Instruction, Program
from infractl.profile.tensor import Tensor

_IN_PLACE = frozenset({Family.elementwise, Family.transcendental})


def live_bytes(
    program: Program,
    values: Mapping[str, Tensor | None],
    families: Mapping[int, Family],
    inner_bytes: Mapping[int, float],
) -> tuple[float, ...]:
    """Bytes at each instruction. `families` and `inner_bytes` are by an instruction's number."""
    count = len(program.instructions)
    if not count:
        return ()
    last = _last_uses(program)
    root: dict[str, str] = {}
    begin: dict[str, int] = dict.fromkeys(program.inputs, 0)
    end: dict[str, int] = dict.fromkeys(program.inputs, count - 1)
    for number, instruction in enumerate(program.instructions):
        for name in filter(None, instruction.outputs):
            kept = _shared(instruction, name, number, values, families.get(number), root, end)
            root[name] = kept or name
            begin.setdefault(root[name], number)
            end[root[name]] = max(end.get(root[name], number), last.get(name, number))
    changes = [0.0] * (count + 1)
    for name, first in begin.items():
        known = values.get(name)
        if known is not None and not known.constant:
            changes[first] += known.bytes
            changes[end[name] + 1] -= known.bytes
    return tuple(live + inner_bytes.get(number, 0.0) for number, live in enumerate(accumulate(changes[:count])))


def _last_uses(program: Program) -> dict[str, int]:
    last: dict[str, int] = {}
    for number, instruction in enumerate(program.instructions):
        last.update(dict.fromkeys(instruction.reads, number))
    last.update(dict.fromkeys(program.outputs, len(program.instructions) - 1))
    return last


def _shared(
    instruction: Instruction,
    name: str,
    number: int,
    values: Mapping[str, Tensor | None],
    family: Family | None,
    root: Mapping[str, str],
    end: Mapping[str, int],
) -> str | None:
    """The tensor whose room this output takes, or None where it needs its own."""
    made = values.get(name)
    if family is Family.view and not instruction.bodies:
        first = next(iter(instruction.inputs), "")
        seen = values.get(first)
        same = made is not None and seen is not None and not seen.constant and made.bytes == seen.bytes
        return root.get(first, first) if same else None
    if family in _IN_PLACE and name == next(iter(instruction.outputs)):
        for given in filter(None, instruction.inputs):
            operand, owner = values.get(given), root.get(given, given)
            fits = made is not None and operand is not None and not operand.constant and made.bytes == operand.bytes
            if fits and owner in root and end.get(owner, number) <= number:
                return owner
    return None
