"""An ONNX graph made ready to be evaluated many times: schemas found, attributes read, weights and small values taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infractl.profile.tensor import Tensor, of_proto, of_value
from infractl.profile.tensor_types import DEFAULT_DOMAINS, shape

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, ValueInfoProto
    from onnx.defs import OpSchema

Axes = tuple[int | str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """A node. `bare` is it with its operands called i0, i1, ... and o0, o1, ...; `structure` is the same for all that equal it.

    `schema` is None for an operator that onnx does not know.
    """

    name: str
    operator: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    bare: NodeProto
    structure: int
    schema: OpSchema | None
    attributes: Mapping[str, Any]
    bodies: Mapping[str, Program] = field(default_factory=dict)

    @property
    def reads(self) -> frozenset[str]:
        """Every name that it reads, those among them that only its bodies read."""
        inner = (name for body in self.bodies.values() for name in body.free)
        return frozenset({*self.inputs, *inner} - {""})

    @property
    def label(self) -> str:
        """The operator as it is called in a profile."""
        return self.operator if self.domain in DEFAULT_DOMAINS else f"{self.domain}.{self.operator}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A graph, or the body of an If, a Loop or a Scan, which also sees what is around it.

    `constants` are the weights, those in Constant nodes among them. `declared` is what the file says of types and shapes,
    `element_types` those of the inputs, by ONNX's numbers, and `free` the names that are read here and come from outside.
    """

    instructions: tuple[Instruction, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    constants: Mapping[str, Tensor]
    declared: Mapping[str, tuple[int, Axes]]
    element_types: Mapping[str, int]
    opsets: Mapping[str, int]
    free: frozenset[str]

    def walk(self) -> Iterator[Instruction]:
        """Every instruction, those in bodies behind the one that they belong to."""
        for instruction in self.instructions:
            yield instruction
            for body in instruction.bodies.values():
                yield from body.walk()


def program_of(model: ModelProto) -> Program:
    """The model's graph, whose own functions are inlined."""
    opsets = {"" if o.domain in DEFAULT_DOMAINS else o.domain: o.version for o in model.opset_import}
    return _program(model.graph, opsets, {})


def _program(graph: GraphProto, opsets: Mapping[str, int], structures: dict[bytes, int]) -> Program:
    constants = {tensor.name: of_proto(tensor) for tensor in graph.initializer}
    constants |= {sparse.values.name: _dense(sparse) for sparse in graph.sparse_initializer}
    instructions = []
    for node in graph.node:
        known = _constant(node) if node.op_type == "Constant" and node.domain in DEFAULT_DOMAINS else None
        if known is not None and node.output:
            constants[node.output[0]] = known
        else:
            instructions.append(_instruction(node, opsets, structures))
    inputs = tuple(value.name for value in graph.input if value.name not in constants)
    outputs = tuple(value.name for value in graph.output)
    made = {*inputs, *constants, *(name for i in instructions for name in i.outputs)}
    return Program(
        instructions=tuple(instructions),
        inputs=inputs,
        outputs=outputs,
        constants=constants,
        declared=dict(_declared((*graph.input, *graph.value_info, *graph.output))),
        element_types={value.name: value.type.tensor_type.elem_type for value in graph.input},
        opsets=opsets,
        free=frozenset({*outputs, *(name for i in instructions for name in i.reads)} - made),
    )


def _instruction(node: NodeProto, opsets: Mapping[str, int], structures: dict[bytes, int]) -> Instruction:
    from onnx import AttributeProto, NodeProto, helper

    bodies = {a.name: _program(a.g, opsets, structures) for a in node.attribute if a.type == AttributeProto.GRAPH}
    bare = NodeProto(op_type=node.op_type, domain=node.domain)
    bare.input.extend(f"i{place}" if name else "" for place, name in enumerate(node.input))
    bare.output.extend(f"o{place}" if name else "" for place, name in enumerate(node.output))
    bare.attribute.extend(a for a in node.attribute if a.name not in bodies)
    domain = "" if node.domain in DEFAULT_DOMAINS else node.domain
    return Instruction(
        name=node.name or next(filter(None, node.output), ""),
        operator=node.op_type,
        domain=domain,
        inputs=tuple(node.input),
        outputs=tuple(node.output),
        bare=bare,
        structure=structures.setdefault(bare.SerializeToString(deterministic=True), len(structures)),
        schema=schema(node.op_type, opsets.get(domain, 0), domain),
        attributes={a.name: helper.get_attribute_value(a) for a in node.attribute if a.name not in bodies and _has_value(a)},
        bodies=bodies,
    )


def _has_value(attribute: AttributeProto) -> bool:
    from onnx import AttributeProto

    return bool(attribute.type != AttributeProto.UNDEFINED and not attribute.ref_attr_name)


def schema(operator: str, version: int, domain: str) -> OpSchema | None:
    """The newest schema of the operator at this opset, or None."""
    from onnx import defs

    try:
        return defs.get_schema(operator, version, domain)
    except defs.SchemaError:
        return None


def _constant(node: NodeProto) -> Tensor | None:
    """The tensor that a Constant gives, in whichever of its attributes it is."""
    import numpy as np

    for attribute in node.attribute:
        match attribute.name:
            case "value":
                return of_proto(attribute.t)
            case "sparse_value":
                return _dense(attribute.sparse_tensor)
            case "value_int" | "value_ints":
                return of_value(np.array(_numbers(attribute.name, attribute.i, attribute.ints), np.int64), constant=True)
            case "value_float" | "value_floats":
                return of_value(np.array(_numbers(attribute.name, attribute.f, attribute.floats), np.float32), constant=True)
            case "value_string" | "value_strings":
                return Tensor(8, (len(attribute.strings),) if attribute.name.endswith("s") else (), constant=True)
    return None


def _numbers(name: str, one: float, many: Sequence[float]) -> float | list[float]:
    return list(many) if name.endswith("s") else one


def _dense(sparse: SparseTensorProto) -> Tensor:
    """What a sparse tensor is for the nodes that read it."""
    return Tensor(sparse.values.data_type, tuple(int(size) for size in sparse.dims), constant=True)


def _declared(values: Sequence[ValueInfoProto]) -> Iterator[tuple[str, tuple[int, Axes]]]:
    for value in values:
        axes = shape(value.type)
        if axes is not None:
            yield value.name, (value.type.tensor_type.elem_type, axes)
