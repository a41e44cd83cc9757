"""What to write instead of a wrong value: the edit that was probably meant, where that can be told, else the field's example."""

from __future__ import annotations

import re
from decimal import Decimal

from infractl.spec.schema.shape import ListOf, MapOf, OneOf, SectionOf, named
from infractl.spec.telling.meant_quantity import meant_quantity, quantity_of
from infractl.spec.telling.spelling import meant_reference, unusual_character
from infractl.spec.telling.suggest import as_name, did_you_mean
from infractl.spec.text import NAME
from infractl.spec.validate import Finding, dotted

_LONGEST_NUMBER = 20


def quantity_remedy(finding: Finding, wanted: str) -> str:
    text = _written(finding)
    if reference := meant_reference(text):
        return f"write {reference}, and declare it under values in infractl.yaml or in an environment"
    meant = meant_quantity(text, finding.shape, finding.name)
    return f"write {meant}" if meant else unusual_character(text) or f"write {wanted}"


def _written(finding: Finding) -> str:
    """The value as a text. A number is taken as it is written: `1.10`."""
    if isinstance(finding.value, str):
        return finding.value
    return str(finding.document.written(finding.path) or finding.value)


def pattern_remedy(finding: Finding, remedy: str, pattern: str) -> str:
    text = str(finding.value)
    if unusual := unusual_character(text):
        return unusual
    node = finding.document.node(finding.path)
    if not finding.of_key and node and node.span.line != node.span.end_line and " - " in text:
        return 'begin the "- " of each item in the same column: YAML took several items for one text'
    return f"{remedy}: {as_name(text, 'fraud')}" if pattern == NAME.pattern else remedy


def range_remedy(finding: Finding, wanted: str) -> str:
    """A share of 1 is often written in percent; no replica at all is one of two bounds."""
    value = finding.value
    if finding.name == "factor":
        return "raise traffic.peak to the highest rate, and write each factor as a share of it: 0.2"
    if finding.context.get("le") == 1 and isinstance(value, int | float) and 1 < value <= 100:
        return f"write {_hundredth(str(value))} for {value}%"
    if value == 0 and finding.name == "replicas":
        return "write {min: 0} to let the service go to sleep"
    return f"write a number that is {wanted}"


def length_remedy(finding: Finding, bound: str) -> str:
    example = f", such as {finding.example}" if finding.example and finding.value in ("", [], ()) else ""
    return f"give it {bound}{example}"


def word_remedy(finding: Finding) -> str:
    """For a word that is not known: the one that was meant, or what else may stand there."""
    words = re.findall(r"'([^']*)'", str(finding.context.get("expected", "")))
    otherwise = "use one of" if len(words) > 1 else "write"
    remedy = did_you_mean(str(finding.value), words, otherwise)
    if isinstance(finding.shape, OneOf) and remedy.startswith(otherwise):
        return f"write {_proposed(finding) or named(finding.shape)}"
    return remedy


def sort_remedy(finding: Finding, wanted: str) -> str:
    value, source = finding.value, finding.document.written(finding.path)
    if value is None:
        return f"give it {wanted}, or remove the key"
    if finding.hidden:
        return f"write {_example(finding) or wanted}"
    if value is False and isinstance(finding.shape, SectionOf):
        return "remove it"
    if wanted == "a text" and not isinstance(value, dict | list):
        return f'put it in quotes: "{source}"'
    if isinstance(value, list) and not source.startswith("[") and wanted == "a mapping":
        return _of_a_block(finding)
    if wanted == "a list" and isinstance(value, dict):
        return 'write a list: begin each item with "- "'
    if wanted == "a number" and isinstance(value, str) and (share := _hundredth(value.removesuffix("%"))):
        return f"write {share} for {value}" if value.endswith("%") else f"write {value} without quotes"
    if proposed := _proposed(finding):
        return f"write {proposed}"
    return f"write {wanted}"


def _of_a_block(finding: Finding) -> str:
    if not isinstance(finding.shape, MapOf):
        return 'write its keys without the "- " before them'
    proposed = _fit(finding)
    return f"write {proposed}" if proposed else 'write each item under its name, as a key, without the "- "'


def _proposed(finding: Finding) -> str | None:
    """The user's own value where it fits in another form, else the field's example."""
    from infractl.spec.telling.fit import is_on

    return _fit(finding) or (finding.example if is_on(finding.value) else "") or _example(finding)


def _fit(finding: Finding) -> str | None:
    from infractl.spec.telling.fit import proposal

    if quantity_of(finding.shape) and (meant := meant_quantity(_written(finding), finding.shape, finding.name)):
        return meant
    if holds_hidden(finding):
        return None
    proposed = proposal(finding.shape, finding.value, finding.name)
    return f"{proposed} without quotes" if proposed == finding.value else proposed


def holds_hidden(finding: Finding) -> bool:
    """Whether anything in the value may not be shown."""
    waiting = [node] if (node := finding.document.node(finding.path)) else []
    while waiting:
        node = waiting.pop()
        if node.span.hidden or any(span.hidden for span in node.keys.values()):
            return True
        waiting.extend(node.children.values())
    return False


def _example(finding: Finding) -> str | None:
    """None where the sort of value says all."""
    shapes = finding.shape.choices if isinstance(finding.shape, OneOf) else (finding.shape,)
    if finding.example and any(isinstance(shape, SectionOf | MapOf | ListOf) for shape in shapes):
        sort = named(finding.shape) if finding.shape else "a value"
        return f"{sort}, such as {dotted(finding.path[-1:])}: {finding.example}"
    return None


def _hundredth(number: str) -> str:
    """`1` as `0.01`; nothing where it is no number, or one that nobody writes."""
    if len(number) > _LONGEST_NUMBER or not number.replace(".", "", 1).isdecimal():
        return ""
    return f"{(Decimal(number) / 100).normalize():f}"
