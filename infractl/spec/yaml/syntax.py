"""YAML's own errors in our words: what is wrong, where it began, and what to change."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yaml.error import Mark as YamlMark
from yaml.error import MarkedYAMLError, YAMLError

from infractl.errors import Diagnostic, Severity
from infractl.spec.yaml.document import Source, Span

DEEPEST = 64
"""Levels of mappings and lists; a hand-written document has fewer than ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """How one message of the parser is told. `problem` and `context` are patterns that fit PyYAML's words and libyaml's.

    `from_start`: the mark shows where the unfinished thing began, not where the parser gave up.
    """

    problem: str
    context: str = ""
    detail: str
    remedy: str
    from_start: bool = False


_READINGS = (
    _Reading(
        problem="expected ',' or ']'",
        detail="this list is not closed before line {line} breaks it",
        remedy="close it with ], and separate its items with commas",
        from_start=True,
    ),
    _Reading(
        problem="expected ',' or '}'",
        detail="this mapping is not closed before line {line} breaks it",
        remedy="close it with }, and separate its entries with commas",
        from_start=True,
    ),
    _Reading(
        problem="unexpected (end of stream|document separator)",
        context="quoted scalar",
        detail="this quote is not closed",
        remedy="end the text with the same quote",
        from_start=True,
    ),
    _Reading(
        problem="unknown escape character|Unicode character escape|hexdecimal|hexadecimal",
        detail="this is no escape that YAML knows",
        remedy="use single quotes, where a backslash is just a backslash",
    ),
    _Reading(
        problem="mapping values are not allowed",
        detail="a key and its colon cannot stand here",
        remedy="put text that holds a colon in quotes, or start a new line with the key",
    ),
    _Reading(
        problem="sequence entries are not allowed",
        detail="a list cannot start on the line of its key",
        remedy="start the list on the next line, or write it as [a, b]",
    ),
    _Reading(
        problem="could not find expected ':'",
        detail="this line is neither a key with a colon nor a part of a list",
        remedy="write `key: value`, with a space after the colon, or `- item`, with a space after the hyphen",
        from_start=True,
    ),
    _Reading(
        problem="expected '-' indicator|expected <block end>",
        context="block (collection|sequence)",
        detail="this is no item of the list that starts on line {start}",
        remedy="start it with a hyphen and a space like the items above, or indent it like the key that it belongs beside",
    ),
    _Reading(
        problem="expected key|expected <block end>",
        detail="this does not continue the mapping that starts on line {start}",
        remedy="indent it like the keys that it belongs beside, and quote a value that has quotes or brackets in it",
    ),
    _Reading(
        problem="expected '?<document start>",
        detail="this belongs to nothing above it",
        remedy="indent it like the keys that it belongs beside, or start a new document with ---",
    ),
    _Reading(
        problem="node content",
        detail="a value should stand here, or a bracket was left open before",
        remedy="close every [ with ] and every { with }, and put a value that starts with , or ] in quotes",
    ),
    _Reading(
        problem="cannot start any token",
        detail="a value cannot start with {character}",
        remedy="put the value in quotes",
    ),
    _Reading(
        problem="alphabetic or numeric character",
        detail="* and & stand before an alias's or anchor's name",
        remedy="put a value that starts with * or & in quotes",
    ),
    _Reading(
        problem="directive|incompatible YAML document",
        detail="this line starts with % and is no directive that is read here",
        remedy="delete the line, or put the value in quotes",
    ),
)


def explain(error: YAMLError, source: Source) -> Diagnostic:
    """The parser's error as a diagnostic with a mark: `yaml-tab` where a tab is to blame, else `yaml-syntax`."""
    if not isinstance(error, MarkedYAMLError):
        return _syntax(str(error), "write the file as plain UTF-8 text", Span(0, 0, 0, 1, source))
    at = _span(error.problem_mark or error.context_mark, source)
    if (tab := _tab(at)) is not None:
        return _diagnostic(
            "yaml-tab",
            "a tab cannot indent YAML",
            "this is a tab",
            "indent with spaces: two for each level",
            Span(at.line, tab, at.line, tab + 1, source),
        )
    if "nesting depth" in (error.problem or ""):  # libyaml reads ahead, and may give up before `parse` does
        return too_deep(at)
    if reference := _reference(at):
        return reference
    start = _span(error.context_mark, source) if error.context_mark else at
    for reading in _READINGS:
        if re.search(reading.problem, error.problem or "") and re.search(reading.context, error.context or ""):
            text = source.lines[at.line] if at.line < len(source.lines) else ""
            detail = reading.detail.replace("{line}", str(at.line + 1)).replace("{start}", str(start.line + 1))
            detail = detail.replace("{character}", text[at.column : at.column + 1])
            return _syntax(detail, reading.remedy, start if reading.from_start else at)
    return _syntax(error.problem or "the parser gives no reason", "compare the line with those around it", at)


_AROUND = 200
"""Characters of a line that are looked at, which may have millions."""

_REFERENCE = re.compile(r"[^\s,\[\]{}$]*(\$)\{[\w.-]+\}[^\s,\[\]{}]*")
_TEMPLATE = re.compile(r"\{\{-?\s*\.?(?:\w+\.)*([A-Za-z][\w-]*)\s*-?\}\}")


def _reference(at: Span) -> Diagnostic | None:
    """`{p99: ${p99}}`: inside of brackets, the brace of a reference begins a mapping."""
    start = max(0, at.column - _AROUND)
    text = at.source.lines[at.line][start : at.column + _AROUND] if at.line < len(at.source.lines) else ""
    for match in _REFERENCE.finditer(text):
        if match.start(1) <= at.column - start <= match.end() and re.search(r"[\[{,:]\s*$", text[: match.start()]):
            span = Span(at.line, start + match.start(), at.line, start + match.end(), at.source)
            return _syntax("the brace begins a mapping here, inside of others", f'quote it: "{match[0]}"', span)
    return None


def template_remedy(at: Span) -> str | None:
    """`{{ .Values.p99 }}` is what other tools fill in before anybody reads the file."""
    match = _TEMPLATE.match(at.mark.text, max(0, at.column - 1))
    if match is None:
        return None
    return f'write "${{{match[1]}}}" and declare {match[1]} under values in infractl.yaml, or fill in the template first'


def too_deep(span: Span) -> Diagnostic:
    return _diagnostic(
        "yaml-depth",
        "the document is nested too deeply",
        f"more than {DEEPEST} mappings and lists enclose this",
        "close the brackets that were left open, or write the document flatter",
        span,
    )


def _syntax(detail: str, remedy: str, span: Span) -> Diagnostic:
    return _diagnostic("yaml-syntax", "this is not well-formed YAML", detail, remedy, span)


def _diagnostic(slug: str, summary: str, detail: str, remedy: str, span: Span) -> Diagnostic:
    return Diagnostic(slug=slug, severity=Severity.error, summary=summary, detail=detail, at=span.mark, remedy=remedy)


def _span(mark: YamlMark | None, source: Source) -> Span:
    """Behind the last line, where the parser sees the end of a file without a line break, there is nothing to show."""
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if line >= len(source.lines):
        line, column = len(source.lines) - 1, len(source.lines[-1])
    return Span(line, column, line, column + 1, source)


def _tab(at: Span) -> int | None:
    """The column of a tab that the parser stumbled over, or that indents its line."""
    text = at.source.lines[at.line] if at.line < len(at.source.lines) else ""
    if text[at.column : at.column + 1] == "\t":
        return at.column
    indent = text[: len(text) - len(text.lstrip())]
    return indent.index("\t") if "\t" in indent else None
