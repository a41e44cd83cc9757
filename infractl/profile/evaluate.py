"""Walks a graph at given sizes, node by node in the file's order, and finds each one's work and what is alive."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, MutableMapping

from infractl.profile.control_flow import Bodies, flow_of, unrun
from infractl.profile.liveness import live_bytes
from infractl.profile.program import Instruction, Program
from infractl.profile.step import Stepper
from infractl.profile.tensor import Tensor
from infractl.profile.tensor_types import element_bytes
from infractl.profile.trace import Place, Step, Trace, TraceBuilder

Values = MutableMapping[str, Tensor | None]


class Evaluator:
    """Evaluates one program. `branches` are the branches that were taken for the dearer ones: once chosen, they stay.

    So the steps at other sizes are the same ones.
    """

    def __init__(self, program: Program, stepper: Stepper, branches: dict[Place, str]) -> None:
        self._program = program
        self._stepper = stepper
        self._branches = branches

    def evaluate(self, inputs: Mapping[str, Tensor | None], sizes: Mapping[str, int]) -> Trace:
        """`inputs` by name; `sizes` of the named dimensions, for what only the file's own declarations tell."""
        return self._run(self._program, dict(inputs), (), sizes)

    def _run(self, program: Program, values: Values, place: Place, sizes: Mapping[str, int]) -> Trace:
        values.update(program.constants)
        found = TraceBuilder()
        for number, instruction in enumerate(program.instructions):
            if instruction.bodies:
                outputs = self._take_flow(found, instruction, values, (*place, number), sizes)
            else:
                outputs = self._take_step(found, program, instruction, values, (*place, number))
            for name, known in zip(instruction.outputs, outputs, strict=False):
                if name:
                    values[name] = known if known is not None else _declared(program, name, sizes)
        return Trace(
            steps=tuple(found.steps),
            outputs=tuple(values.get(name) for name in program.outputs),
            live_bytes=live_bytes(program, values, found.families, found.inner_bytes),
            bounded=frozenset(found.bounded),
            contradictions=found.contradictions,
            folded_bytes=found.folded_bytes,
            folded_flops=found.folded_flops,
        )

    def _take_step(
        self, found: TraceBuilder, program: Program, instruction: Instruction, values: Values, place: Place
    ) -> tuple[Tensor | None, ...]:
        inputs = [values.get(name) if name else None for name in instruction.inputs]
        outcome = self._stepper.step(instruction, inputs, program.opsets)
        found.contradictions += bool(outcome.contradiction)
        if outcome.folded:
            made = [tensor for name, tensor in zip(instruction.outputs, outcome.outputs, strict=True) if name]
            found.folded_bytes = max(found.folded_bytes, sum(t.bytes if t else float("inf") for t in made))
            found.folded_flops += outcome.work.flops if outcome.work else 0.0
            return outcome.outputs
        found.steps.append(Step(place, instruction.name, instruction.label, outcome.work))
        if outcome.work:
            found.families[int(place[-1])] = outcome.work.family
        return outcome.outputs

    def _take_flow(
        self, found: TraceBuilder, instruction: Instruction, values: Values, place: Place, sizes: Mapping[str, int]
    ) -> tuple[Tensor | None, ...]:
        def bodies(name: str) -> Bodies:
            return lambda inputs: self._run(instruction.bodies[name], ChainMap(dict(inputs), values), (*place, name), sizes)

        flow = flow_of(instruction, values, bodies, place, self._branches)
        found.steps.append(Step(place, instruction.name, instruction.label, flow.work))
        found.inner_bytes[int(place[-1])] = max((inner.peak_bytes for inner, _ in flow.inner), default=0.0)
        for inner, steps in flow.inner:
            found.join(inner, steps)
        if flow.bounded:
            found.bounded.add(instruction.name)
        if flow.work is None:
            found.steps.extend(unrun(instruction, place))
        return flow.outputs


def _declared(program: Program, name: str, sizes: Mapping[str, int]) -> Tensor | None:
    """What the file says of a value that no rule tells: its axes are numbers, or dimensions that have a size."""
    if name not in program.declared:
        return None
    kind, axes = program.declared[name]
    known = [axis if isinstance(axis, int) else sizes.get(axis, -1) for axis in axes]
    if element_bytes(kind) is None or any(size < 0 for size in known):
        return None
    return Tensor(kind, tuple(known))
