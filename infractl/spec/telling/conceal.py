"""Which parts of a file may be secrets, and so are never shown: problems are printed into logs that many can read.

The names of keys tell, and whether what stands there says where a secret is kept, which may be shown. So a secret is hidden
in whatever form and at whatever wrong place it stands. What is told instead is in `secret_wording`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from infractl.errors import Diagnostic, Mark
from infractl.spec.text import VARIABLE
from infractl.spec.yaml.document import Document, Node, Source, Span

_SUSPICIOUS = ("passw", "passphrase", "secret", "token", "credential", "key", "webhook", "auth", "address", "env", "@")

_SECRET = ("PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "TOKEN", "CREDENTIAL", "CREDENTIALS", "APIKEY", "APIKEYS")
_KEY_OF = ("API", "ACCESS", "SECRET", "PRIVATE", "ENCRYPTION", "SIGNING", "ACCOUNT")
"""The last word of a secret's name; what stands before KEY in one."""

_AUTH = ("auth", "authentication", "authorization")
_SOURCE = ("env", "file", "secret", "key", "version")
_REFERENCE = re.compile(r"\$\{([A-Za-z][A-Za-z0-9_-]*)\}")
_PASSWORD_IN_URI = re.compile(r"://[^\s/@:]*:[^\s/]*@")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

_A_WORD = re.compile("[A-Za-z]{1,20}")
"""Any other key that is not known there may be the secret itself: `{sk-live-1234}` is a mapping."""

_HIDDEN = "this is not shown: it may be a secret"
_NO_WORDS_OF_USERS = ("yaml-syntax", "yaml-tab", "yaml-depth")
_KEY = re.compile(r"""(?<![\w-])["']?([A-Za-z_][\w-]*)["']?\s*:(?=\s|$)""")
_ONE_SOURCE = r"(env\s*:\s*[A-Za-z_]\w*|(file|secret|key|version)\s*:\s*[\w./-]+)\s*,?\s*"
_HARMLESS = re.compile(rf"\s*(#.*)?$|\s*\{{\s*({_ONE_SOURCE})*\}}|\s*\$\{{\w+\}}\s*(#.*)?$")
_LINES_ABOVE = 1000
_LONGEST_LINE = 1000
"""Of what is longer nothing is shown: it would take long to look through for each of its problems."""


def may_hold_secrets(text: str) -> bool:
    """Whether anything is to be looked for in a file: most have none of these, and this is asked of thousands."""
    lowered = text.lower()
    return any(word in lowered for word in _SUSPICIOUS)


def tells_a_secret(name: str, value: object = "") -> bool:
    """Whether the name of a variable or key says that its value is a secret, or the value is a uri with a password."""
    words = [word.upper() for word in _WORDS.findall(name[:200])]
    if words and (words[-1] in _SECRET or (words[-1] in ("KEY", "KEYS") and words[-2:-1] and words[-2] in _KEY_OF)):
        return True
    return isinstance(value, str) and _PASSWORD_IN_URI.search(value) is not None


def conceal(document: Document) -> Document:
    """The document whose marks show no secret; itself where it has none."""
    return _cut(document, _secrets(document.root, "", ""))


class Referred(NamedTuple):
    """A value that stands where a secret must, or where a variable's name must: `key` where it says `apiKeys: ${key}`."""

    name: str
    as_variable: bool


def referred(document: Document) -> frozenset[Referred]:
    """The values of other files that may be secrets, by what refers to them."""
    return frozenset(_references(document.root, "", ""))


def conceal_values(document: Document, found: Iterable[Referred]) -> Document:
    """The document with the values hidden that may be secrets, of all those that it names."""
    nodes = [(each, document.node(("values", each.name))) for each in found]
    hidden = [node for each, node in nodes if node and not (each.as_variable and _says_where("env", node.value))]
    return _cut(document, (span for node in hidden for span in _whole(node)))


def conceal_problems(problems: Iterable[Diagnostic], documents: Iterable[Document]) -> Iterator[Diagnostic]:
    """Problems that were found before it was known which values may be secrets."""
    sources = [document.source for document in documents if document.source.cuts]
    yield from (_shown(problem, sources) for problem in problems)


def conceal_problem(problem: Diagnostic, source: Source) -> Diagnostic:
    """A problem of a file that could not be read as a whole: there the lines must tell."""
    mark = problem.at
    cut = _line_cut(source.lines, mark.line - 1) if isinstance(mark, Mark) else None
    if not isinstance(mark, Mark) or cut is None:
        return problem
    told = problem.slug in _NO_WORDS_OF_USERS or mark.column <= cut
    return replace(problem, at=_mark_without(mark, cut), detail=problem.detail if told else _HIDDEN)


def _secrets(node: Node, key: str, above: str) -> Iterator[Span]:
    """What is to be hidden in a value, by its key and the one above it."""
    if _is_place(key, above):
        yield from _unless_a_source(node)
    elif key in _AUTH and not isinstance(node.value, dict):
        yield from () if isinstance(node.value, bool) else _whole(node)
    elif isinstance(node.value, str):
        yield from _whole(node) if _PASSWORD_IN_URI.search(node.value) else ()
    else:
        for name, child in node.children.items():
            yield from _inside(node, key, name, child)


def _inside(node: Node, key: str, name: str | int, child: Node) -> Iterator[Span]:
    if key == "env" and isinstance(child.value, dict | list) and isinstance(node.value, dict):
        yield from _unless_a_source(child)
    elif key == "env" and isinstance(name, int):
        yield from _listed_variable(child)
    elif key in _AUTH and name != "apiKeys":
        if child.value is None or not _A_WORD.fullmatch(str(name)):
            yield from (span for held, span in node.keys.items() if held == name)
        yield from _whole(child)
    else:
        yield from _secrets(child, name if isinstance(name, str) else "", key)


def _is_place(key: str, above: str) -> bool:
    return key == "webhook" or (key, above) == ("address", "cache") or tells_a_secret(key)


def _listed_variable(item: Node) -> Iterator[Span]:
    """`{name: DB_PASSWORD, value: x}` and `DB_PASSWORD=x`, as other tools write them."""
    name, value = item.children.get("name"), item.children.get("value")
    if name and value:
        yield from _whole(value) if tells_a_secret(str(name.value), value.value) else ()
    elif isinstance(item.value, str):
        name_of, _, held = item.value.partition("=")
        yield from _whole(item) if tells_a_secret(name_of, held) else ()
    else:
        yield from _secrets(item, "", "env")


def _unless_a_source(node: Node) -> Iterator[Span]:
    """Nothing where it is said where the secret is kept; the values alone where the keys are those that say it."""
    if not isinstance(node.value, dict):
        yield from _whole(node)
    elif not node.keys.keys() <= set(_SOURCE):
        yield node.span._replace(end_line=node.span.line, end_column=node.span.column + 1)
        yield from _whole(node)
    elif not _is_a_source(node.value):
        for child in node.children.values():
            yield from _whole(child)


def _is_a_source(value: dict[str, object]) -> bool:
    """Whether it says one place where a secret is kept: of two, one may be the secret."""
    places = [key for key in ("env", "file", "secret") if key in value]
    detailed = "key" in value or "version" in value
    right = len(places) <= 1 and (not detailed or places == ["secret"])
    return right and all(_says_where(key, held) for key, held in value.items())


def _says_where(key: str, value: object) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= 500:
        return False
    return key != "env" or bool(re.match(VARIABLE.pattern, value) or _REFERENCE.fullmatch(value))


def _whole(node: Node) -> Iterator[Span]:
    """The places of all keys and values in it; a list or mapping of no place has ends that may lie far behind it."""
    if isinstance(node.value, str) and _REFERENCE.fullmatch(node.value):
        return
    if isinstance(node.value, dict | list):
        if not node.span.empty:
            yield node.span._replace(end_line=node.span.line, end_column=node.span.column + 1)
        yield from node.keys.values()
        for child in node.children.values():
            yield from _whole(child)
    elif not node.span.empty:
        yield node.span


def _references(node: Node, key: str, above: str) -> Iterator[Referred]:
    if _is_place(key, above) or key in _AUTH:
        yield from _all_references(node, key)
        return
    for name, child in node.children.items():
        yield from _references(child, name if isinstance(name, str) else "", key)


def _all_references(node: Node, key: str | int) -> Iterator[Referred]:
    if isinstance(node.value, str) and (match := _REFERENCE.fullmatch(node.value)):
        yield Referred(match[1], key == "env")
    for name, child in node.children.items():
        yield from _all_references(child, name)


def _cut(document: Document, spans: Iterable[Span]) -> Document:
    """The document with nothing shown from where a span begins to the end of its line, and of the lines that it goes on."""
    found: dict[Source, list[Span]] = {}
    for span in spans:
        found.setdefault(span.source, []).append(span)
    if not found:
        return document
    sources = {source: _without(source, own) for source, own in found.items()}
    return replace(
        document,
        source=sources.get(document.source, document.source),
        root=_moved(document.root, sources),
        problems=tuple(_shown(problem, sources.values()) for problem in document.problems),
    )


def _without(source: Source, spans: Iterable[Span]) -> Source:
    cuts, secrets = dict(source.cuts), set(source.secrets)
    for span in spans:
        secrets.add((span.line, span.column))
        cuts[span.line] = min(span.column, cuts.get(span.line, span.column))
        cuts.update((line, 0) for line in range(span.line + 1, span.end_line + (span.end_column > 0)))
    return replace(source, cuts=cuts, secrets=frozenset(secrets))


def _moved(node: Node, sources: Mapping[Source, Source]) -> Node:
    return node._replace(
        span=_of(node.span, sources),
        keys={key: _of(span, sources) for key, span in node.keys.items()},
        children={key: _moved(child, sources) for key, child in node.children.items()},
    )


def _of(span: Span, sources: Mapping[Source, Source]) -> Span:
    return span._replace(source=sources.get(span.source, span.source))


def _shown(problem: Diagnostic, sources: Iterable[Source]) -> Diagnostic:
    mark = problem.at
    for source in sources:
        if isinstance(mark, Mark) and source.file == mark.file and (cut := source.cuts.get(mark.line - 1)) is not None:
            shown = replace(problem, at=_mark_without(mark, cut))
            secret = (mark.line - 1, mark.column - 1) in source.secrets
            return replace(shown, detail=_HIDDEN) if secret else shown
    return problem


def _mark_without(mark: Mark, cut: int) -> Mark:
    """A mark that shows nothing that stands behind a column of its line."""
    if mark.column > cut:
        return replace(mark, text="", width=1)
    return replace(mark, text=mark.text[:cut].rstrip(), width=min(mark.width, cut + 1 - mark.column))


def _line_cut(lines: tuple[str, ...], number: int) -> int | None:
    """The column from which a line may hold a secret; None where it holds none."""
    line = lines[number] if number < len(lines) else ""
    if len(line) > _LONGEST_LINE:
        return 0
    found = [match.end() for match in _KEY.finditer(line) if _is_suspicious(match[1]) and not _HARMLESS.match(line, match.end())]
    found += [match.start() for match in _PASSWORD_IN_URI.finditer(line)]
    if any(_is_suspicious(key) for key in _keys_above(lines, number)):
        found.append(0)
    return min(found, default=None)


def _is_suspicious(key: str) -> bool:
    return _is_place(key, "") or key == "address"


def _keys_above(lines: tuple[str, ...], number: int) -> Iterator[str]:
    """The keys of the lines that a line is indented under."""
    line = lines[number] if number < len(lines) else ""
    indent, item = _indent(line), line.lstrip().startswith("-")
    for above in reversed(lines[max(0, number - _LINES_ABOVE) : number]):
        text = above.lstrip()
        beneath = _indent(above) < indent or (item and _indent(above) == indent and not text.startswith("-"))
        if text and not text.startswith("#") and beneath:
            indent, item = _indent(above), text.startswith("-")
            yield from (match[1] for match in _KEY.finditer(above[:_LONGEST_LINE]))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
