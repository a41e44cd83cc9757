"""What to write instead of a wrong value: the edit that was probably meant, where that can be told."""

from __future__ import annotations

from decimal import Decimal

from infractl.spec.schema.shape import MapOf, SectionOf
from infractl.spec.section.secret import SecretSource
from infractl.spec.spelling import meant_quantity, unusual_character
from infractl.spec.suggest import as_name
from infractl.spec.text import NAME
from infractl.spec.validate import Finding

_LONGEST_NUMBER = 20


def names_a_secret(finding: Finding) -> bool:
    """Whether a text stands where it must be said where a secret is kept: it may be the secret."""
    return isinstance(finding.shape, SectionOf) and finding.shape.section is SecretSource and isinstance(finding.value, str)


def quantity_remedy(finding: Finding, wanted: str) -> str:
    text = str(finding.document.written(finding.path) or finding.value).strip("'\"")
    meant = meant_quantity(text, finding.shape)
    return f"write {meant}" if meant else unusual_character(text) or f"write {wanted}"


def pattern_remedy(finding: Finding, remedy: str, pattern: str) -> str:
    text = str(finding.value)
    if unusual := unusual_character(text):
        return unusual
    node = finding.document.node(finding.path)
    if not finding.of_key and node and node.span.line != node.span.end_line and " - " in text:
        return 'begin the "- " of each item in the same column: YAML took several items for one text'
    return f"{remedy}: {as_name(text, 'fraud')}" if pattern == NAME.pattern else remedy


def range_remedy(finding: Finding, wanted: str) -> str:
    """A share of 1 is often written in percent."""
    value = finding.value
    if finding.context.get("le") == 1 and isinstance(value, int | float) and 1 < value <= 100:
        return f"write {_hundredth(str(value))} for {value}%"
    return f"write a number that is {wanted}"


def sort_remedy(finding: Finding, wanted: str) -> str:
    value, source = finding.value, finding.document.written(finding.path)
    if value is None:
        return f"give it {wanted}, or remove the key"
    if names_a_secret(finding):
        return "say where it is kept, never the secret itself: {env: VARIABLE}, {file: PATH} or {secret: NAME}"
    if wanted == "a text" and not isinstance(value, dict | list):
        return f'put it in quotes: "{source}"'
    if wanted == "a list":
        return f"write [{source}]" if isinstance(value, str) else 'write a list: begin each item with "- "'
    if wanted == "a mapping" and isinstance(value, list) and not source.startswith("["):
        if isinstance(finding.shape, MapOf):
            return 'write each item under its name, as a key, without the "- "'
        return 'write its keys without the "- " before them'
    if wanted == "a number" and isinstance(value, str) and (share := _hundredth(value.removesuffix("%"))):
        return f"write {share} for {value}" if value.endswith("%") else f"write {value} without quotes"
    return f"write {wanted}"


def _hundredth(number: str) -> str:
    """`1` as `0.01`; nothing where it is no number, or one that nobody writes."""
    if len(number) > _LONGEST_NUMBER or not number.replace(".", "", 1).isdecimal():
        return ""
    return f"{(Decimal(number) / 100).normalize():f}"
