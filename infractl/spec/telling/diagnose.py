"""What is wrong with a document's values, in our words: a slug, what was written, the place to change and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pydantic_core import ValidationError

from infractl.errors import Diagnostic
from infractl.spec.schema.shape import OneOf, fits, named
from infractl.spec.telling.problem import error
from infractl.spec.telling.remedy import length_remedy, pattern_remedy, quantity_remedy, range_remedy, sort_remedy, word_remedy
from infractl.spec.telling.secret_wording import in_a_secret
from infractl.spec.telling.suggest import sort, written
from infractl.spec.text import FORMED
from infractl.spec.validate import UNKNOWN_KEY, Finding, dotted, findings
from infractl.spec.yaml.document import Document, Path
from infractl.spec.yaml.limit import first
from infractl.units import UnitError

_WANTED = {
    "string": "a text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "dataclass": "a mapping",
}
"""What a value must be, by the first word of pydantic's name for the error."""


def diagnose(error: ValidationError, document: Document, model: type, prefix: Path = ()) -> list[Diagnostic]:
    """The errors of a validation of what stands at `prefix`, without those that only follow from another."""
    return first(_once(_tell(finding) for finding in findings(error, document, model, prefix)))


def _once(problems: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """What is wrong at several places in a secret is told in the same words."""
    told = set[Diagnostic]()
    for problem in problems:
        if problem not in told:
            told.add(problem)
            yield problem


def _tell(finding: Finding) -> Diagnostic:
    kind = finding.kind
    if finding.secret is not None and not finding.missing:
        return in_a_secret(finding, _wanted(kind))
    if finding.hidden and isinstance(finding.value, str) and not kind.endswith(("too_short", "too_long")):
        finding = replace(finding, value="what is not shown")
    if isinstance(finding.context.get("error"), UnitError):
        return _quantity(finding)
    if kind == "missing":
        return _missing_key(finding)
    if kind in UNKNOWN_KEY:
        return _unknown_key(finding)
    if isinstance(finding.shape, OneOf) and not fits(finding.shape, finding.value):
        return _wrong_sort(finding, named(finding.shape))
    if kind in ("enum", "literal_error"):
        return _unknown_value(finding)
    if kind == "string_pattern_mismatch":
        return _wrong_pattern(finding)
    if kind.endswith(("too_short", "too_long")):
        return _wrong_length(finding)
    if kind.startswith(("greater_than", "less_than", "multiple_of", "finite_number")):
        return _out_of_range(finding)
    return _wrong_type(finding) if _wanted(kind) else _wrong_value(finding)


def _unknown_key(finding: Finding) -> Diagnostic:
    from infractl.spec.telling.unknown_key import known_key

    return error(
        "unknown-key",
        "a key is not known here",
        f"{'what is not shown' if finding.hidden else written(finding.name)} is not a key of {dotted(finding.path[:-1])}",
        finding.document.nearest_mark(finding.path),
        known_key(finding),
    )


def _missing_key(finding: Finding) -> Diagnostic:
    """Where a patch took the key out, that is the place to change."""
    where = dotted(finding.path)
    removed = finding.document.key_mark((*finding.path, finding.missing))
    return error(
        "missing-key",
        "a key that must be given is missing",
        f"{where} has no {finding.missing}" + (" after this" if removed else ""),
        removed or finding.document.nearest_mark(finding.path),
        "remove this null, or write another value" if removed else f"add {finding.missing} to {where}",
    )


def _unknown_value(finding: Finding) -> Diagnostic:
    return error(
        "unknown-value",
        "a value is not one of those that are known",
        f"{written(finding.value)} is not a value of {finding.path[-2 if isinstance(finding.path[-1], int) else -1]}",
        finding.mark,
        word_remedy(finding),
    )


def _quantity(finding: Finding) -> Diagnostic:
    wanted = str(finding.context["error"]).removeprefix("expected ")
    if not isinstance(finding.value, str | int | float):
        return _wrong_sort(finding, wanted)
    return error(
        "quantity",
        "a quantity is not written as one",
        f"{written(finding.value)} is not {wanted.partition(' such as ')[0].rstrip(',')}",
        finding.mark,
        quantity_remedy(finding, wanted),
    )


def _wrong_pattern(finding: Finding) -> Diagnostic:
    pattern = finding.context.get("pattern")
    form = FORMED.get(str(pattern))
    if form is None:
        return error(
            "wrong-value",
            "a value is not one that can be used here",
            f"{written(finding.value)} does not match {pattern}",
            finding.mark,
            "change it so that it matches the pattern",
        )
    detail = f"{written(finding.value)} is not such {'an' if form.named[0] in 'aeiou' else 'a'} {form.named}"
    return error(form.slug, form.summary, detail, finding.mark, pattern_remedy(finding, form.remedy, form.pattern))


def _wrong_length(finding: Finding) -> Diagnostic:
    least, most = finding.context.get("min_length"), finding.context.get("max_length")
    unit = "character" if isinstance(finding.value, str) else "item"
    count = len(finding.value)
    bound = f"at least {least}" if least is not None else f"at most {most}"
    return error(
        "wrong-length",
        "a text or list is too short or too long",
        f"{_owner(finding.path)} has {count} {unit if count == 1 else unit + 's'}",
        finding.mark,
        length_remedy(finding, bound),
    )


def _out_of_range(finding: Finding) -> Diagnostic:
    wanted = finding.message.removeprefix("Input should be ")
    wanted = wanted.replace("greater than or equal to", "at least").replace("less than or equal to", "at most")
    return error(
        "out-of-range",
        "a number is outside of its range",
        f"{written(finding.value)} is not {wanted}",
        finding.mark,
        range_remedy(finding, wanted),
    )


def _wrong_type(finding: Finding) -> Diagnostic:
    return _wrong_sort(finding, _wanted(finding.kind))


def _wrong_sort(finding: Finding, wanted: str) -> Diagnostic:
    return error(
        "wrong-type",
        "a value is of the wrong sort",
        f"{_owner(finding.path)} is {sort(finding.value)}, not {wanted}",
        finding.mark,
        sort_remedy(finding, wanted),
    )


def _wrong_value(finding: Finding) -> Diagnostic:
    """A provider's own model says what is wrong and, after a colon, what to do."""
    wrong, _, remedy = finding.message.removeprefix("Value error, ").partition(": ")
    return error(
        "wrong-value",
        "a value is not one that can be used here",
        wrong,
        finding.mark,
        remedy or f"change {_owner(finding.path)}",
    )


def _wanted(kind: str) -> str:
    return _WANTED.get(kind.partition("_")[0], "")


def _owner(path: Path) -> str:
    """The key whose value, or whose list's item, stands at the path."""
    return dotted(path[-2:] if path and isinstance(path[-1], int) else path[-1:])
