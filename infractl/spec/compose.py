"""The parser's events to nodes with spans, in bounded depth and size.

PyYAML's own composer is not used: it recurses without a bound, keeps the last of duplicate keys and reads YAML 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from yaml.events import AliasEvent, DocumentEndEvent, MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent

from infractl.errors import Diagnostics, SpecError
from infractl.spec.document import Document, Node, Source, Span
from infractl.spec.scalar import resolve
from infractl.spec.syntax import DEEPEST, too_deep

MOST_ALIASED = 10_000
"""Nodes that aliases may repeat in one document: enough for any sane use, and no bomb."""

Event = Any
"""One of yaml.events; PyYAML's attributes differ by class, and libyaml's classes are its own."""


@dataclass(slots=True)
class Composer:
    """Reads one document off a parser that just gave its start. In `anchors`, None is a node that is still being read."""

    parser: Any
    source: Source
    problems: Diagnostics = field(default_factory=Diagnostics)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    aliased: int = 0

    def document(self) -> Document:
        root = self.node(self.parser.get_event(), 0)
        while not isinstance(self.parser.get_event(), DocumentEndEvent):
            pass
        self.parser.peek_event()  # raises where the next line fits nothing: this document is then not whole
        return Document(source=self.source, root=root, problems=tuple(self.problems))

    def node(self, event: Event, depth: int) -> Node:
        if isinstance(event, AliasEvent):
            return self.alias(event)
        if depth > DEEPEST:
            raise SpecError(too_deep(self.source, _span(event)))
        if event.anchor:
            self.anchors[event.anchor] = None
        self.refuse_tag(event)
        if isinstance(event, ScalarEvent):
            node = Node(resolve(event.value) if event.implicit[0] else event.value, _span(event), {}, {})
        elif isinstance(event, MappingStartEvent):
            node = self.mapping(event, depth)
        else:
            node = self.sequence(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def mapping(self, start: Event, depth: int) -> Node:
        children: dict[str | int, Node] = {}
        keys: dict[str, Span] = {}
        while not isinstance(event := self.parser.get_event(), MappingEndEvent):
            key = self.key(event, depth)
            child = self.node(self.parser.get_event(), depth + 1)
            if key is None:
                continue
            if key in keys:
                self.duplicate(key, _span(event), keys[key])
                continue
            keys[key] = _span(event)
            children[key] = child
        value = {key: child.value for key, child in children.items()}
        return Node(value, _span(start, event), children, keys, 1 + sum(c.size for c in children.values()))

    def sequence(self, start: Event, depth: int) -> Node:
        children: dict[str | int, Node] = {}
        while not isinstance(event := self.parser.get_event(), SequenceEndEvent):
            children[len(children)] = self.node(event, depth + 1)
        value = [child.value for child in children.values()]
        return Node(value, _span(start, event), children, {}, 1 + sum(c.size for c in children.values()))

    def key(self, event: Event, depth: int) -> str | None:
        """The key as it is written: `4711: x` has the key "4711". None where it is not usable, which is then a problem."""
        node = self.node(event, depth + 1)
        if not isinstance(event, ScalarEvent):
            self.problems.error(
                "yaml-key",
                summary="a key is not a plain text",
                detail="a list, a mapping or an alias stands where a key must",
                at=self.source.mark(node.span),
                remedy="write the key as a word; put a value that starts with { or [ in quotes",
            )
            return None
        if event.value == "<<" and event.implicit[0]:
            self.problems.error(
                "yaml-merge",
                summary="merge keys are not supported",
                detail="<< is not part of YAML 1.2",
                at=self.source.mark(_span(event)),
                remedy="write the keys out, or give the whole value by an alias: `key: *anchor`",
            )
            return None
        return str(event.value)

    def alias(self, event: Event) -> Node:
        node, reason = self.anchors.get(event.anchor), ""
        if event.anchor not in self.anchors:
            reason = f"no anchor &{event.anchor} stands before it"
        elif node is None:
            reason = f"&{event.anchor} would contain itself"
        else:
            self.aliased += node.size
        if node is not None and self.aliased <= MOST_ALIASED:
            return node
        problem = SpecError.of(
            "yaml-alias",
            summary="an alias cannot be followed",
            detail=reason or f"the aliases up to here repeat more than {MOST_ALIASED} values",
            at=self.source.mark(_span(event)),
            remedy="write the value out; put a text that starts with * in quotes",
        )
        if not reason:
            raise problem
        self.problems.extend(problem.diagnostics)
        return Node(None, _span(event), {}, {})

    def refuse_tag(self, event: Event) -> None:
        if event.tag is not None:
            self.problems.error(
                "yaml-tag",
                summary="tags are not supported",
                detail=f"{event.tag.removeprefix('tag:yaml.org,2002:')} is a tag",
                at=self.source.mark(_span(event)),
                remedy="delete the tag; put a text that starts with ! or looks like a number in quotes",
            )

    def duplicate(self, key: str, again: Span, first: Span) -> None:
        self.problems.error(
            "duplicate-key",
            summary="a mapping has the same key twice",
            detail=f"{key} is already on line {first.line + 1}",
            at=self.source.mark(again),
            remedy="keep one of the two",
        )


def _span(start: Event, end: Event = None) -> Span:
    a, b = start.start_mark, (end or start).end_mark
    return Span(a.line, a.column, b.line, b.column)
