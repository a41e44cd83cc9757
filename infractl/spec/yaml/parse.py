"""YAML text to documents, up to the first syntax error. What the parser's errors mean is in `syntax`; what keys mean is not here.

PyYAML's own composer is not used: it recurses without a bound, keeps the last of duplicate keys and reads YAML 1.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from infractl.errors import Diagnostic, Diagnostics, SpecError
from infractl.spec.telling.conceal import conceal, conceal_problem, may_hold_secrets
from infractl.spec.yaml.document import Document, Node, Source, Span
from infractl.spec.yaml.limit import (
    MOST_ALIASED,
    MOST_DOCUMENTS,
    MOST_NODES,
    MOST_PROBLEMS,
    cut,
    more_problems,
    too_long,
    weight,
)
from infractl.spec.yaml.syntax import DEEPEST, explain, template_remedy, too_deep
from infractl.spec.yaml.text import LINE_BREAK, decode

Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser where PyYAML was built with it."""

Event = Any
"""One of yaml.events; PyYAML's attributes differ by class, and libyaml's classes are its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """The documents of a file up to its first syntax error, and that error."""

    documents: tuple[Document, ...]
    problems: tuple[Diagnostic, ...]


def parse(data: bytes, file: str) -> Parsed:
    """Every document in the file that is not empty. Never raises: what cannot be read is a problem."""
    try:
        text = decode(data, file)
    except SpecError as error:
        return Parsed(documents=(), problems=error.diagnostics)
    source = Source(file=file, lines=tuple(LINE_BREAK.split(text)))
    parsed = _parsed(text, source)
    return _concealed(parsed, source) if may_hold_secrets(text) else parsed


def _parsed(text: str, source: Source) -> Parsed:
    documents: list[Document] = []
    try:
        parser = Loader(text)
        left, told = MOST_NODES, 0
        while not isinstance(event := parser.get_event(), StreamEndEvent):
            if isinstance(event, DocumentStartEvent):
                composer = _Composer(parser, source, left if len(documents) < MOST_DOCUMENTS else 0, told)
                documents.append(composer.document())
                left, told = composer.left, told + len(composer.problems)
    except yaml.YAMLError as error:
        return Parsed(documents=_filled(documents), problems=(explain(error, source),))
    except SpecError as error:
        return Parsed(documents=_filled(documents), problems=error.diagnostics)
    return Parsed(documents=_filled(documents), problems=())


def _concealed(parsed: Parsed, source: Source) -> Parsed:
    """Before anything else looks at it: no mark of what is read here shows a secret, whoever makes it."""

    def known(problems: tuple[Diagnostic, ...]) -> tuple[Diagnostic, ...]:
        return tuple(conceal_problem(problem, source) for problem in problems)

    documents = tuple(conceal(replace(document, problems=known(document.problems))) for document in parsed.documents)
    return Parsed(documents=documents, problems=known(parsed.problems))


def _filled(documents: list[Document]) -> tuple[Document, ...]:
    return tuple(d for d in documents if d.value is not None or d.problems)


@dataclass(slots=True)
class _Composer:
    """Reads one document off a parser that just gave its start. In `anchors`, None is a node that is still being read.

    `left` is how many nodes the rest of the file may have, `told` how many problems there are before this document; `deepest`
    is how deep the innermost anchor's node reaches so far, what its aliases repeat included, and `heights` how far down the
    anchors' nodes that have been read reach.
    """

    parser: Any
    source: Source
    left: int
    told: int
    problems: Diagnostics = field(default_factory=Diagnostics)
    anchors: dict[str, Node | None] = field(default_factory=dict)
    heights: dict[str, int] = field(default_factory=dict)
    aliased: int = 0
    deepest: int = 0

    def document(self) -> Document:
        root = self.node(self.parser.get_event(), 0)
        while not isinstance(self.parser.get_event(), DocumentEndEvent):
            pass
        self.parser.peek_event()  # raises where the next line fits nothing: this document is then not whole
        return Document(source=self.source, root=root, problems=tuple(self.problems))

    def node(self, event: Event, depth: int) -> Node:
        self.left -= 1
        if self.left < 0:
            raise SpecError(too_long(self.span(event).mark))
        if self.told + len(self.problems) > MOST_PROBLEMS:
            told = list(self.problems)[:MOST_PROBLEMS]
            raise SpecError(*told, more_problems(self.span(event).mark, "the file is not read any further"))
        if isinstance(event, AliasEvent):
            return self.alias(event, depth)
        if depth > DEEPEST:
            raise SpecError(too_deep(self.span(event)))
        self.deepest = max(self.deepest, depth)
        return self.anchored(event, depth) if event.anchor else self.content(event, depth)

    def anchored(self, event: Event, depth: int) -> Node:
        """A node that aliases may repeat. An anchor that is given again is another one from here on."""
        deepest, self.deepest = self.deepest, depth
        self.anchors[event.anchor] = None
        node = self.anchors[event.anchor] = self.content(event, depth)
        self.heights[event.anchor] = self.deepest - depth
        self.deepest = max(deepest, self.deepest)
        return node

    def content(self, event: Event, depth: int) -> Node:
        self.refuse_tag(event)
        if isinstance(event, ScalarEvent):
            value = _resolve(event.value) if event.implicit[0] else event.value
            return Node(value, self.span(event), {}, {}, weight(event.value))
        return self.mapping(event, depth) if isinstance(event, MappingStartEvent) else self.sequence(event, depth)

    def mapping(self, start: Event, depth: int) -> Node:
        children: dict[str | int, Node] = {}
        keys: dict[str, Span] = {}
        while not isinstance(event := self.parser.get_event(), MappingEndEvent):
            key = self.key(event, depth)
            child = self.node(self.parser.get_event(), depth + 1)
            if key is None:
                continue
            if key in keys:
                self.duplicate(key, self.span(event), keys[key])
                continue
            keys[key] = self.span(event)
            children[key] = child
        value = {key: child.value for key, child in children.items()}
        return Node(value, self.span(start, event), children, keys, 1 + sum(c.size for c in children.values()))

    def sequence(self, start: Event, depth: int) -> Node:
        children: dict[str | int, Node] = {}
        while not isinstance(event := self.parser.get_event(), SequenceEndEvent):
            children[len(children)] = self.node(event, depth + 1)
        value = [child.value for child in children.values()]
        return Node(value, self.span(start, event), children, {}, 1 + sum(c.size for c in children.values()))

    def key(self, event: Event, depth: int) -> str | None:
        """The key as it is written: `4711: x` has the key "4711". None where it is not usable, which is then a problem."""
        node = self.node(event, depth + 1)
        if not isinstance(event, ScalarEvent):
            self.problems.error(
                "yaml-key",
                summary="a key is not a plain text",
                detail="a list, a mapping or an alias stands where a key must",
                at=node.span.mark,
                remedy=template_remedy(node.span) or "write the key as a word; put a value that starts with { or [ in quotes",
            )
            return None
        if event.value == "<<" and event.implicit[0]:
            self.problems.error(
                "yaml-merge",
                summary="merge keys are not supported",
                detail="<< is not part of YAML 1.2",
                at=self.span(event).mark,
                remedy="write the keys out, or give the whole value by an alias: `key: *anchor`",
            )
            return None
        return str(event.value)

    def alias(self, event: Event, depth: int) -> Node:
        node, reason = self.anchors.get(event.anchor), ""
        reach = depth + self.heights.get(event.anchor, 0)
        if event.anchor not in self.anchors:
            reason = f"no anchor &{cut(event.anchor)} stands before it"
        elif node is None:
            reason = f"&{cut(event.anchor)} would contain itself"
        elif reach > DEEPEST:
            reason = f"with what it repeats, more than {DEEPEST} mappings and lists would enclose each other"
        else:
            self.aliased += node.size
        if node is not None and not reason and self.aliased <= MOST_ALIASED:
            self.deepest = max(self.deepest, reach)
            return node
        problem = SpecError.of(
            "yaml-alias",
            summary="an alias cannot be followed",
            detail=reason or f"the aliases up to here repeat more than {MOST_ALIASED} values",
            at=self.span(event).mark,
            remedy="write the value out; put a text that starts with * in quotes",
        )
        if not reason:
            raise problem
        self.problems.extend(problem.diagnostics)
        return Node(None, self.span(event), {}, {})

    def refuse_tag(self, event: Event) -> None:
        if event.tag is not None:
            self.problems.error(
                "yaml-tag",
                summary="tags are not supported",
                detail=f"{cut(event.tag.removeprefix('tag:yaml.org,2002:'))} is a tag",
                at=self.span(event).mark,
                remedy="delete the tag; put a text that starts with ! or looks like a number in quotes",
            )

    def duplicate(self, key: str, again: Span, first: Span) -> None:
        self.problems.error(
            "duplicate-key",
            summary="a mapping has the same key twice",
            detail=f"{cut(key)} is already on line {first.line + 1}",
            at=again.mark,
            remedy="keep one of the two",
        )

    def span(self, start: Event, end: Event = None) -> Span:
        a, b = start.start_mark, (end or start).end_mark
        return Span(a.line, a.column, b.line, b.column, self.source)


_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INFINITY = re.compile(r"[-+]?\.(inf|Inf|INF)")
_NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN"})

_LONGEST_NUMBER = 100
"""No quantity needs more digits, and reading thousands of them takes time that is not linear."""


def _resolve(text: str) -> bool | int | float | str | None:
    """The value of an unquoted scalar without a tag, by YAML 1.2's core schema: `off` and `no` are words, and a date is text.

    More than 100 digits stay text.
    """
    if text in _NULL:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in "+-.0123456789" or len(text) > _LONGEST_NUMBER:
        return text
    return _number(text)


def _number(text: str) -> int | float | str:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INFINITY.fullmatch(text):
        return float("-inf") if text.startswith("-") else float("inf")
    return float("nan") if text in _NOT_A_NUMBER else text
