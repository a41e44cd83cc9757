"""`traffic.peak=5000/s,slo.latency.p99=10ms` as patches over every service's `spec`, each with its place in the option.

They are laid over documents as an environment's are, so that what they say is checked as if it stood in a document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from infractl.errors import Mark, SpecError, UsageError
from infractl.spec.yaml.document import Node, Source, Span
from infractl.spec.yaml.parse import parse

OPTION = "--what-if"

_PATH = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9][A-Za-z0-9-]*)*")
_NEXT = re.compile(rf",(?=\s*{_PATH.pattern}\s*=)")


def patches(options: Sequence[str]) -> tuple[Node, ...]:
    """One patch for each value. `null` takes a field out. Raises UsageError, and SpecError for a value that is no YAML."""
    seen: set[str] = set()
    return tuple(patch for text in options for patch in _patches(text, seen))


def _patches(text: str, seen: set[str]) -> Iterator[Node]:
    source = Source(file=OPTION, lines=(text,))
    begin = 0
    for end in (*(match.start() for match in _NEXT.finditer(text)), len(text)):
        patch = _patch(text, begin, end, source)
        if (name := text[begin:end].partition("=")[0].strip()) in seen:
            raise _refused("is tried twice, and one value would be lost", text, begin, end, "try one after the other")
        seen.add(name)
        yield patch
        begin = end + 1


def _patch(text: str, begin: int, end: int, source: Source) -> Node:
    path, equals, _ = text[begin:end].partition("=")
    name = path.strip()
    if not equals or not _PATH.fullmatch(name):
        how = "write the field as it stands in a service's spec: --what-if traffic.peak=5000/s,slo.latency.p99=10ms"
        raise _refused("is no field of spec with a value", text, begin, end, how)
    node = _value(text, begin + len(path) + 1, end, source)
    column = begin + path.index(name) + len(name)
    for key in reversed(["spec", *name.split(".")]):
        start = max(begin, column - len(key))
        at = Span(0, start, 0, column, source)
        whole = Span(0, start, 0, end, source)
        node = Node({key: node.value}, whole, {key: node}, {key: at}, 1 + node.size)
        column = max(begin, start - 1)
    return node


def _refused(why: str, text: str, begin: int, end: int, remedy: str) -> UsageError:
    return UsageError.of(
        "what-if",
        summary="a value to try is not understood",
        detail=f"{text[begin:end].strip()!r} {why}",
        at=Mark(file=OPTION, line=1, column=begin + 1, width=max(1, end - begin), text=text),
        remedy=remedy,
    )


def _value(text: str, begin: int, end: int, source: Source) -> Node:
    """What stands there, as YAML: with as many blanks before it, its places are those in the option."""
    parsed = parse((" " * begin + text[begin:end]).encode(), OPTION)
    problems = (*parsed.problems, *(problem for document in parsed.documents for problem in document.problems))
    if problems:
        marked = (replace(p, at=replace(p.at, text=text)) if isinstance(p.at, Mark) else p for p in problems)
        raise SpecError(*marked)
    if not parsed.documents:
        return Node(None, Span(0, begin, 0, begin, source), {}, {})
    return _from(parsed.documents[0].root, source)


def _from(node: Node, source: Source) -> Node:
    """The same, as a part of the option."""
    return node._replace(
        span=node.span._replace(source=source),
        children={key: _from(child, source) for key, child in node.children.items()},
        keys={key: span._replace(source=source) for key, span in node.keys.items()},
    )
