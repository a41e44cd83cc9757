"""Named values, and the `${name}` in documents that stand for them. Where the values are declared is not here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from infractl.domain.environment import DEFAULT_ENVIRONMENT
from infractl.errors import Diagnostics
from infractl.spec.find import ENVIRONMENTS, PROJECT_FILE
from infractl.spec.telling.spelling import meant_reference
from infractl.spec.telling.suggest import did_you_mean, written
from infractl.spec.text import VALUE_NAME
from infractl.spec.yaml.document import Node, Path
from infractl.spec.yaml.limit import MOST_PROBLEMS, weight
from infractl.spec.yaml.merge import with_children

_TOKEN = re.compile(r"\$(\$)?\{(?:([^{}]*)\})?")
"""`${name}`, `$${`, and a `${` that nothing closes."""

_NAME = re.compile(VALUE_NAME.pattern.strip("^$"))

MOST_REFERENCES = 10_000
"""In one document: each may become a hundred times longer than it is."""

_LONGEST_VALUE = 500
"""What is longer is an error where it is declared, and is not repeated."""

IDENTITY: tuple[Path, ...] = (("apiVersion",), ("kind",), ("metadata", "name"))
"""What says which document it is: no environment changes it, and it refers to nothing."""


class Values(NamedTuple):
    """What an environment's names stand for, each where it is written: its own values before the project's."""

    environment: str
    named: Mapping[str, Node]


def fill(root: Node, values: Values, problems: Diagnostics) -> Node:
    """A service's document with values for its references; itself where it has none.

    A text that is a reference becomes the value, in the value's place; inside a longer text stands the value as it is written.
    """
    # One look at the whole, printed by C: most documents refer to nothing, and there may be thousands.
    count = str(root.value).count("${")
    if count > MOST_REFERENCES:
        problems.error(
            "value-reference",
            summary="what stands for a value is not written as a name in ${}",
            detail=f"{count} times ${{ is more than the {MOST_REFERENCES} that one document may have",
            at=root.head.mark,
            remedy="write the values out",
        )
    return _fill(root, values, problems, IDENTITY) if 0 < count <= MOST_REFERENCES else root


def _fill(node: Node, values: Values, problems: Diagnostics, kept: tuple[Path, ...]) -> Node:
    if len(problems) > MOST_PROBLEMS:
        return node
    if isinstance(node.value, str):
        return _text(node, values, problems) if "${" in node.value else node
    if not node.children:
        return node
    children = {
        key: child if (key,) in kept else _fill(child, values, problems, tuple(p[1:] for p in kept if p[0] == key))
        for key, child in node.children.items()
    }
    return node if all(children[key] is child for key, child in node.children.items()) else with_children(node, children)


def _text(node: Node, values: Values, problems: Diagnostics) -> Node:
    """A reference that stands for nothing stays as it is, so that its place is that of the problem."""
    names = [match[2] for match in _TOKEN.finditer(node.value) if not match[1]]
    wrong = [name for name in names if name not in values.named]
    for name in islice(dict.fromkeys(wrong), MOST_PROBLEMS + 1):
        _refuse(name, node, values, problems)
    if wrong:
        return node
    whole = _TOKEN.fullmatch(node.value)
    if whole and not whole[1]:
        return values.named[whole[2]]
    text = _TOKEN.sub(lambda m: m[0][1:] if m[1] else _written(values.named[m[2]]), node.value)
    return Node(text, node.span, {}, {}, weight(text))


def _refuse(name: str | None, node: Node, values: Values, problems: Diagnostics) -> None:
    if name is None or not re.fullmatch(VALUE_NAME.pattern, name):
        meant = meant_reference(f"${{{name}}}" if name else node.value)
        problems.error(
            "value-reference",
            summary="what stands for a value is not written as a name in ${}",
            detail="nothing closes this ${" if name is None else f"{written(name)} is not a value's name",
            at=node.span.mark,
            remedy=f"write {meant or '${name}'}; where the characters ${{ are meant, write $${{",
        )
        return
    if values.environment == DEFAULT_ENVIRONMENT:
        declare = (
            f"declare it under values in {PROJECT_FILE}, choose an environment that has it with --env, "
            f"or write defaultEnvironment: false in {PROJECT_FILE} if each copy of the services has an environment of its own"
        )
    else:
        declare = f"declare it under values in {ENVIRONMENTS}/{values.environment}.yaml or {PROJECT_FILE}"
    problems.error(
        "unknown-environment-value",
        summary="what stands for a value names none of the environment",
        detail=f"{name} is not a value of the environment {values.environment}",
        at=node.span.mark,
        remedy=did_you_mean(name, tuple(values.named), f"{declare}, or use one of" if values.named else declare),
    )


def references(values: Iterable[object]) -> frozenset[str]:
    """The names that are referred to in the texts of plain values, be it in a wrong form such as `${env.peak}`.

    Each value is looked at as a whole, printed by C.
    """
    found = (m[2] for value in values for m in _TOKEN.finditer(str(value)) if not m[1] and m[2])
    return frozenset(name for text in found for name in _NAME.findall(text))


def sources(text: object, values: Values) -> Iterator[Node]:
    """The values that stand in a text, in order."""
    if isinstance(text, str):
        yield from (values.named[m[2]] for m in _TOKEN.finditer(text) if not m[1] and m[2] in values.named)


def _written(value: Node) -> str:
    """`1.10` stays `1.10`, whatever number it is."""
    return (value.value if isinstance(value.value, str) else value.written)[:_LONGEST_VALUE]


def refuse_reference(name: str, value: Node, problems: Diagnostics) -> None:
    """What a value says is taken as it is."""
    if isinstance(value.value, str) and "${" in value.value:
        problems.error(
            "value-in-value",
            summary="a value refers to another value",
            detail=f"{name} holds ${{, and values are taken as they are",
            at=value.span.mark,
            remedy="write the other value out; or put the two together where they are used: ${one}-${other}",
        )
