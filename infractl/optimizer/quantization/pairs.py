"""Pairs of QuantizeLinear and DequantizeLinear that round a tensor for nobody: what computes in fp32 then reads it unrounded.

ONNX Runtime's quantizer rounds every output of a layer, and lets every reader of a tensor read it rounded. Four feed-forward
blocks as of all-MiniLM-L6 were a fifth faster without that, and half as far from fp32 (Zen 5, one thread).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from infractl.optimizer.passes.onnx_file import inner_graphs
from infractl.optimizer.quantization.layer import CONVOLUTIONS, PRODUCTS

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

ROUND, BACK = "QuantizeLinear", "DequantizeLinear"

LAYERS = (*PRODUCTS, *CONVOLUTIONS)
CUTTING = ("Relu", "Clip")
"""Between a layer and the rounding of its output the engine does these on its way: a rounding before them is one too many."""


def drop_idle_pairs(graph: GraphProto, operators: Collection[str], left: Collection[str]) -> None:
    """Keep a pair only for nodes of these operators that do compute in int8; `left` are names of those that don't."""
    before = {name for node in graph.node for name in node.input}
    while _drop(graph, operators, left):
        pass
    unread = before - {name for node in graph.node for name in node.input} - _Links(graph).inside
    kept = [each for each in graph.initializer if each.name not in unread]
    del graph.initializer[:]
    graph.initializer.extend(kept)


class _Links:
    """Who makes and who reads each tensor of a graph, as it is now."""

    def __init__(self, graph: GraphProto) -> None:
        self.weights = {each.name for each in graph.initializer}
        self.outputs = {each.name for each in graph.output}
        self.maker: dict[str, NodeProto] = {}
        self.readers: dict[str, list[tuple[NodeProto, int]]] = {}
        self.inside: set[str] = set()
        for node in graph.node:
            self.maker.update(dict.fromkeys(node.output, node))
            for position, name in enumerate(node.input):
                self.readers.setdefault(name, []).append((node, position))
            for inner in inner_graphs(node):
                self.inside |= {name for each in inner.node for name in each.input} | {each.name for each in inner.output}

    def is_weight(self, name: str) -> bool:
        """Whether it is a weight that was quantized."""
        made = self.maker.get(name)
        return made is not None and made.op_type == BACK and (made.input[0] in self.weights or self._is_rounded_weight(made))

    def _is_rounded_weight(self, back: NodeProto) -> bool:
        rounded = self.maker.get(back.input[0])
        return rounded is not None and rounded.op_type == ROUND and rounded.input[0] in self.weights

    def in_int8(self, node: NodeProto, operators: Collection[str], left: Collection[str]) -> bool:
        if node.op_type not in operators or node.name in left:
            return False
        if node.op_type in LAYERS:
            return self.is_weight(node.input[1])
        return any(reader.op_type == ROUND for name in node.output for reader, _ in self.readers.get(name, ()))

    def is_convolved(self, name: str, operators: Collection[str], left: Collection[str]) -> bool:
        """Whether an int8 convolution makes it. The engine has none that gives fp32: without the rounding it computes in fp32."""
        made = self.maker.get(name)
        if made is not None and made.op_type in CUTTING:
            made = self.maker.get(made.input[0])
        return made is not None and made.op_type in CONVOLUTIONS and self.in_int8(made, operators, left)


def _drop(graph: GraphProto, operators: Collection[str], left: Collection[str]) -> bool:
    links, gone, renamed = _Links(graph), set[str](), dict[str, str]()
    for rounding in [node for node in graph.node if node.op_type == ROUND and node.input[0] not in links.weights]:
        backs = [reader for reader, _ in links.readers.get(rounding.output[0], ())]
        for back in backs:
            name, bare = back.output[0], rounding.input[0]
            readers = links.readers.get(name, [])
            needed = links.is_convolved(bare, operators, left)
            fused = CUTTING if bare in links.maker and links.maker[bare].op_type in LAYERS else ()
            idle = [
                (node, position)
                for node, position in readers
                if node.op_type in fused or not (needed or links.in_int8(node, operators, left))
            ]
            if name in links.inside or name in links.outputs:
                if len(idle) < len(readers) or not _may_rename(links, bare, renamed) or name in links.inside:
                    continue
                renamed[bare] = name
            for node, position in idle:
                node.input[position] = bare
            if len(idle) == len(readers):
                gone |= {name}
        if backs and all(back.output[0] in gone for back in backs):
            gone |= {rounding.output[0]}
    kept = [node for node in graph.node if not gone & set(node.output)]
    changed = len(kept) < len(graph.node)
    if changed:
        del graph.node[:]
        graph.node.extend(kept)
        _rename(graph, renamed)
    return changed


def _may_rename(links: _Links, name: str, renamed: Mapping[str, str]) -> bool:
    return name in links.maker and name not in links.outputs and name not in links.inside and name not in renamed


def _rename(graph: GraphProto, names: Mapping[str, str]) -> None:
    """A graph's output keeps its name, so what is written to it now takes that name."""
    for node in graph.node:
        for tensors in (node.input, node.output):
            for position, name in enumerate(tensors):
                if name in names:
                    tensors[position] = names[name]
