"""A field's documentation as people read it in a terminal: what it is for, what it takes, and what stands inside it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from infractl.provider.setting import Setting
from infractl.report.style import Style
from infractl.spec.schema.as_written import on_a_line, plain
from infractl.spec.schema.describe import sort_of, unit_of, words_of
from infractl.spec.schema.entry import Entry
from infractl.spec.schema.field import Field, sections_in
from infractl.spec.schema.json_schema import text_of
from infractl.spec.schema.shape import Truth, Words
from infractl.spec.schema.validator import EXTRA

_COLUMNS = 100


def field_text(document: str, entry: Entry, style: Style) -> str:
    """Ends with the keys that may stand inside, each with what it is for."""
    field = entry.field
    facts = {
        "type": sort_of(field.shape),
        "unit": unit_of(field.shape),
        "words": ", ".join(words_of(field.shape)),
        "required": "yes" if field.required else "no",
        "default": default_of(field),
        "example": f"{field.key}: {example_of(field)}",
        "acted on": "yes" if entry.acted_on else style.yellow("not yet: it is checked, and a later version acts on it"),
    }
    lines = [style.bold(f"{document} {entry.path}"), *_wrapped(text_of(field), "  "), ""]
    lines += [f"  {name:<10}{text}" for name, text in facts.items() if text]
    lines += _inside(entry.inside, style, acted_on=entry.acted_on)
    if any(getattr(section, EXTRA, "") == "allow" for section in sections_in(field.shape)):
        lines += ["", "  Other keys are the provider's own, and checked by it."]
    return "\n".join(lines) + "\n"


def setting_text(path: str, setting: Setting, provider: str, style: Style) -> str:
    """A key of a target that is its provider's own."""
    facts = {
        "type": setting.sort,
        "required": "yes" if setting.required else "no",
        "default": "" if setting.default in (None, [], {}) else on_a_line(setting.default),
        "example": "" if setting.example is None else f"{setting.key}: {on_a_line(setting.example)}",
        "provider": provider,
    }
    lines = [style.bold(f"project {path}"), *_wrapped(setting.text, "  "), ""]
    lines += [f"  {name:<10}{text}" for name, text in facts.items() if text]
    lines += [f"  {inner.key}: {inner.text}" for inner in setting.inside]
    return "\n".join(lines) + "\n"


def document_text(name: str, about: str, entries: Sequence[Entry], style: Style) -> str:
    """A document as a whole."""
    return "\n".join([style.bold(name), *_wrapped(about, "  "), *_inside(entries, style, acted_on=True)]) + "\n"


def default_of(field: Field) -> str:
    """The default as it would be written; nothing where it says nothing."""
    default = None if field.required or field.default is None else plain(field.shape, field.default)
    return "" if default in (None, [], {}) else on_a_line(default)


def example_of(field: Field) -> str:
    """An example as it would be written; where none is declared, what the field may be instead of its default."""
    match field.shape:
        case _ if field.example:
            return field.example
        case Truth():
            return "true"
        case Words(words=words):
            return next((str(w) for w in words if w != field.default), str(words[0]))
        case _:
            return default_of(field)


def _inside(entries: Sequence[Entry], style: Style, *, acted_on: bool) -> Iterator[str]:
    """What is not acted on is said once, of the outermost."""
    if not entries:
        return
    yield ""
    width = max(len(e.field.key) for e in entries)
    for entry in entries:
        key = entry.field.key
        notes = {"required": entry.field.required, "not acted on yet": acted_on and not entry.acted_on}
        noted = ", ".join(note for note, holds in notes.items() if holds)
        first, *rest = _wrapped(f"{entry.field.text}{f' ({noted})' if noted else ''}", " " * (width + 4))
        yield f"  {style.bold(key)}{' ' * (width - len(key) + 2)}{first.lstrip()}"
        yield from rest


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, _COLUMNS, initial_indent=indent, subsequent_indent=indent, break_long_words=False)
