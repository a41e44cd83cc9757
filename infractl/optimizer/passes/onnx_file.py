"""ONNX files as passes read and write them: whole, and the same bytes for the same graph."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from pathlib import Path
from typing import TYPE_CHECKING

from infractl.optimizer.passes.contract import PassRefusedError

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

MOST_BYTES = 2**31 - 1
"""What protobuf, ONNX's format, can hold in one file; an artifact is one file."""

_LONGEST_REASON = 300


@contextmanager
def refusing(code: str) -> Iterator[None]:
    """Whatever a library raises in here is a reason to refuse. Quantizers crash on real models, each in its own way."""
    try:
        yield
    except PassRefusedError:
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise PassRefusedError(code, reason[:_LONGEST_REASON]) from error


def read_model(path: Path) -> ModelProto:
    """The model with all its weights in memory. Raises PassRefusedError where it is no ONNX model that can be read."""
    import onnx

    with refusing("model-unreadable"):
        return onnx.load(path)


def write_model(model: ModelProto, path: Path) -> Path:
    """Raises PassRefusedError where it is too large for one file."""
    if model.ByteSize() > MOST_BYTES:
        raise PassRefusedError("too-large", f"one ONNX file holds at most {MOST_BYTES} bytes, and this takes {model.ByteSize()}")
    path.write_bytes(model.SerializeToString(deterministic=True))
    return path


def graphs(graph: GraphProto) -> Iterator[GraphProto]:
    """The graph, and those in its nodes' attributes (the branches of an If, the body of a Loop), outer ones first."""
    yield graph
    for node in graph.node:
        yield from inner_graphs(node)


def inner_graphs(node: NodeProto) -> Iterator[GraphProto]:
    for attribute in node.attribute:
        for inner in (attribute.g, *attribute.graphs) if attribute.HasField("g") or attribute.graphs else ():
            yield from graphs(inner)


def opset(model: ModelProto) -> int:
    """The version of ONNX's own operators that the model is written in; 0 where it uses none of them."""
    return max((each.version for each in model.opset_import if each.domain in ("", "ai.onnx")), default=0)


def in_order(graph: GraphProto) -> None:
    """Sort the nodes so that each comes after those whose outputs it reads, else in the order in which they were."""
    made_by = {output: position for position, node in enumerate(graph.node) for output in node.output if output}
    waits = [{made_by[name] for name in _reads(node) if name in made_by} for node in graph.node]
    readers: dict[int, list[int]] = {}
    for position, before in enumerate(waits):
        for each in before:
            readers.setdefault(each, []).append(position)
    ready = [position for position, before in enumerate(waits) if not before]
    order: list[int] = []
    while ready:
        order.append(position := heappop(ready))
        for reader in readers.get(position, ()):
            waits[reader].discard(position)
            if not waits[reader]:
                heappush(ready, reader)
    nodes = [graph.node[position] for position in order]
    del graph.node[:]
    graph.node.extend(nodes)


def _reads(node: NodeProto) -> Iterator[str]:
    """What a node reads, with what the graphs in it read from outside."""
    yield from node.input
    for inner in inner_graphs(node):
        for each in inner.node:
            yield from each.input
        yield from (output.name for output in inner.output)
