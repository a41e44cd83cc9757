"""Prints docs/reference/spec.md: every field of the documents that users write, as its section declares it.

The rules between fields are in `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import rules

from infractl.report.field_text import default_of, example_of
from infractl.spec.environment.document import Environment
from infractl.spec.project import Project
from infractl.spec.schema.describe import sort_of, title_of, unit_of, words_of
from infractl.spec.schema.entry import placeholder
from infractl.spec.schema.field import Field, fields_of, sections_in
from infractl.spec.schema.json_schema import doc_of
from infractl.spec.schema.shape import ListOf, MapOf, OneOf, Quantity, SectionOf, Shape, Text
from infractl.spec.schema.validator import EXTRA
from infractl.spec.schema.within import sections_of
from infractl.spec.service import InferenceService

OPENING = """\
# Documents that you write

Generated from the declarations of the fields by `make goldens`; edit the source.

A key must be given where its default says **required**; every other may be left out, and what has no default is then not there.
What is **not yet** acted on is checked like all else, and a plan says of it "not acted on yet"; **partly** stands where that is
so of some keys inside. In a terminal,
`infractl schema spec.slo.latency` prints what stands here, and `infractl schema` the JSON Schema that
[editors](../guides/editors.md) complete from.

In a service's document, and in an environment's patches, `${name}` may stand for any value that is no list and no mapping, and
inside a text: it is a value of the [environment](#environments) or of [infractl.yaml](#infractlyaml).

| document | declares | is in |
|---|---|---|
| [service](#services) | a model and the promises that its service must keep | any `.yaml` of the project |
| [infractl.yaml](#infractlyaml) | the project, its targets, and what holds for all services | the project's root |
| [environment](#environments) | how the services differ in staging, in production, ... | `environments/` beside infractl.yaml |
"""

EXAMPLE = Path(__file__).parents[1] / "tests" / "cases" / "spec" / "good" / "every-field.yaml"

FORMS = {
    "name": "At most 40 lower-case letters, digits and hyphens; first a letter, last no hyphen.",
    "version": "At most 40 letters, digits and `.` `_` `+` `-`; first a letter or a digit. Quote what looks like a number.",
    "sha256": "64 hexadecimal digits; `sha256:` may stand before them.",
    "label": "At most 63 lower-case letters, digits, `_` and `-`; first a letter.",
    "label's value": "At most 63 letters, digits and `.` `_` `-`; first and last a letter or a digit. It may be empty.",
    "environment variable": "At most 128 letters, digits and `_`; first no digit.",
    "value's name": "At most 40 letters, digits, `_` and `-`; first a letter.",
    "route": "The path of a URL: `/`, and at most 200 characters of ASCII without spaces.",
    "region": "2 to 41 lower-case letters, digits and hyphens, first a letter. The region itself, not a zone of it.",
    "path or uri": "A path with `/`, relative to the document, or a uri with `s3://`, `gs://`, for an image `oci://`.",
    "dimension": "One of the model's dimensions, as the model names it; at most 60 characters.",
    "text": "Any text; at most 500 characters, and not empty, where nothing else is said.",
}
"""The sorts of text in words."""

DOCUMENTS = {
    InferenceService: ("Services", ""),
    Project: ("infractl.yaml", "project: "),
    Environment: ("Environments", "environment: "),
}
"""Each with its title, and what stands before its sections' paths in headings, so that no two are the same."""


def main() -> None:
    print(OPENING)
    print_contents()
    print_example()
    print_quantities()
    print_types()
    for root, (title, prefix) in DOCUMENTS.items():
        print_document(root, title, prefix)


def print_contents() -> None:
    print("## Contents\n")
    print("- [One full example](#one-full-example)\n- [Quantities](#quantities)\n- [Types](#types)")
    for root, (title, prefix) in DOCUMENTS.items():
        headings, _ = headings_of(root, title, prefix)
        print("\n".join(contents(title, root, headings, {root})))
    print()


def contents(name: str, section: type, headings: dict[type, str], seen: set[type], depth: int = 0) -> Iterator[str]:
    """A section's plain keys on its own line, and below it those that hold sections; what was there is only linked to."""
    held = {field.key: list(dict.fromkeys(sections_in(field.shape))) for field in fields_of(section)}
    plain = ", ".join(code(key) for key, inner in held.items() if not inner)
    yield f"{'    ' * depth}- [{name}](#{anchor(headings[section])}){f': {plain}' if plain else ''}"
    for key, inner in held.items():
        for found in inner:
            if found in seen:
                yield f"{'    ' * (depth + 1)}- [{code(key)}](#{anchor(headings[found])})"
            else:
                seen.add(found)
                yield from contents(code(key), found, headings, seen, depth + 1)


def print_example() -> None:
    print("## One full example\n")
    print(
        "A service has a name and a model; all else has a default. This one says everything that a model in real time can say.\n"
    )
    _, _, document = EXAMPLE.read_text().partition("apiVersion")
    # The case's project has two targets, and a reader's has one.
    print(f"```yaml\napiVersion{document.replace('[local, spare]', '[local]').rstrip()}\n```\n")


def print_types() -> None:
    print("## Types\n")
    print("Sorts of text. The schemas have them as regular expressions.\n\n| type | form |\n|---|---|")
    texts = [t for root in DOCUMENTS for section in sections_of(root) for f in fields_of(section) for t in texts_in(f.shape)]
    for named in dict.fromkeys(text.named for text in texts):
        print(f"| {named} | {FORMS[named]} |")
    print()


def texts_in(shape: Shape) -> Iterator[Text]:
    match shape:
        case Text():
            yield shape
        case ListOf(item=inner):
            yield from texts_in(inner)
        case MapOf(key=key, value=value):
            yield key
            yield from texts_in(value)
        case OneOf(choices=choices):
            for choice in choices:
                yield from texts_in(choice)


def print_quantities() -> None:
    print("## Quantities\n\nA quantity carries its unit; a bare number is an error.\n")
    print("| quantity | units | examples |")
    print("|---|---|---|")
    fields = [field for root in DOCUMENTS for section in sections_of(root) for field in fields_of(section)]
    for quantity in {q.named: q for field in fields for q in quantities_in(field.shape)}.values():
        examples = ", ".join(map(code, quantity.examples))
        print(f"| {quantity.named} | {', '.join(map(unit_text, quantity.unit.split(', ')))} | {examples} |")
    print()


def quantities_in(shape: Shape) -> Iterator[Quantity]:
    match shape:
        case Quantity():
            yield shape
        case ListOf(item=inner) | MapOf(value=inner):
            yield from quantities_in(inner)
        case OneOf(choices=choices):
            for choice in choices:
                yield from quantities_in(choice)


def print_document(root: type, title: str, prefix: str) -> None:
    headings, places = headings_of(root, title, prefix)
    for section, acted_on in sections_of(root).items():
        print(f"{'##' if section is root else '###'} {shown(headings[section], places[section], prefix)}\n")
        print(f"{markdown(doc_of(section))}{stands_at(places[section], headings[section], prefix)}\n")
        print("| key | what it is for | type | default | example | acted on |")
        print("|---|---|---|---|---|---|")
        for field in fields_of(section):
            print(row(field, acted_on, headings))
        if getattr(section, EXTRA, "") == "allow":
            print("\nOther keys are the [provider's own](providers.md), and checked by it.")
        if found := rules.rules_at(section):
            print("\nChecked besides:\n")
            print("\n".join(map(rules.line, found)))
        print()


def headings_of(root: type, title: str, prefix: str) -> tuple[dict[type, str], dict[type, list[str]]]:
    """Each section's heading, and the paths at which it stands. What different sections hold is headed by what it is."""
    paths, holders = {root: ""}, dict[type, set[type]]()
    places: dict[type, list[str]] = {root: []}
    for section in sections_of(root):
        for field in fields_of(section):
            for inner in dict.fromkeys(sections_in(field.shape)):
                path = f"{paths[section]}.{field.key}{placeholder(field.shape)}".removeprefix(".")
                paths.setdefault(inner, path)
                places.setdefault(inner, []).append(path)
                holders.setdefault(inner, set()).add(section)
    shared = {section for section, found in holders.items() if len(found) > 1}
    headings = {s: f"{prefix}{title_of(s).capitalize() if s in shared else paths[s]}" for s in paths}
    return {**headings, root: title}, places


def shown(heading: str, paths: list[str], prefix: str) -> str:
    """A heading that is a path, as code."""
    path = heading.removeprefix(prefix)
    return f"{prefix}{code(path)}" if path in paths else heading


def stands_at(paths: list[str], heading: str, prefix: str) -> str:
    others = [code(path) for path in paths if f"{prefix}{path}" != heading]
    if not others:
        return ""
    also = "Also at" if len(others) < len(paths) else "It stands at"
    return f"\n\n{also} {', '.join(others)}."


def row(field: Field, acted_on: bool, headings: dict[type, str]) -> str:
    default = "**required**" if field.required else code(default_of(field))
    cells = [code(field.key), markdown(field.text), type_of(field.shape, headings), default, code(example_of(field))]
    return f"| {' | '.join([*cells, acted(field, acted_on)])} |"


def acted(field: Field, acted_on: bool) -> str:
    """Whether something acts on all of what it holds, on some, or on nothing."""
    found = set(leaves(field, acted_on))
    return "partly" if len(found) > 1 else "yes" if True in found else "not yet"


def leaves(field: Field, acted_on: bool) -> Iterator[bool]:
    """Whether each of the innermost fields is acted on. `infractl schema` says the same of each."""
    inner = [f for section in dict.fromkeys(sections_in(field.shape)) for f in fields_of(section)]
    if not inner:
        yield acted_on and field.acted_on
    for each in inner:
        yield from leaves(each, acted_on and field.acted_on)


def type_of(shape: Shape, headings: dict[type, str]) -> str:
    """With links to sections, a quantity's units, and the words that have a name."""
    text, unit, words = sort_of(shape), unit_of(shape), words_of(shape)
    named = {t.named: "types" for t in texts_in(shape) if t.named != "text"} | {
        q.named: "quantities" for q in quantities_in(shape)
    }
    for name, place in named.items():
        text = re.sub(rf"(?<![\w[]){name}(?!['\w])", f"[{name}](#{place})", text)
    for section in sections_in(shape):
        text = re.sub(r"\bmapping$|\bmapping\b(?! by)", f"[mapping](#{anchor(headings[section])})", text)
    if isinstance(shape, SectionOf):
        return text
    details = [f"in {', '.join(map(unit_text, unit.split(', ')))}"] if unit else []
    details += [", ".join(map(code, words))] if words else []
    return ": ".join([text, *details])


def unit_text(unit: str) -> str:
    return unit if " " in unit else code(unit)


def anchor(heading: str) -> str:
    """The anchor that renderers make of a heading."""
    return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def code(text: str) -> str:
    return f"`{text}`".replace("|", "\\|") if text else ""


def markdown(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
