"""Merge patches over nodes are RFC 7396's, and whatever comes out of them still points at the text that says it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.spec.yaml.document import Node, Path, Span
from infractl.spec.yaml.merge import merge
from infractl.spec.yaml.parse import parse

KEYS = st.text("abcd", min_size=1, max_size=2)
SCALARS = st.none() | st.booleans() | st.integers(-99, 99) | st.text("ab ${}:#", max_size=6)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=5)


def node(value: Any, file: str, indent: int | None = None) -> Node:
    """JSON is YAML: what is generated has a text to point at."""
    (document,) = parse(json.dumps(value, indent=indent).encode(), file).documents
    return document.root


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2, as it is written there."""
    if isinstance(patch, dict):
        if not isinstance(target, dict):
            target = {}
        target = dict(target)
        for name, value in patch.items():
            if value is None:
                target.pop(name, None)
            else:
                target[name] = merge_patch(target.get(name), value)
        return target
    return patch


APPENDIX_A = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]
"""Its examples, but for the two whose documents are a lone `null` or a text: here both are documents of a file."""


@pytest.mark.parametrize(("target", "patch", "result"), APPENDIX_A)
def test_the_examples_of_the_rfc_come_out_as_it_says(target: Any, patch: Any, result: Any) -> None:
    assert merge(node(target, "target"), node(patch, "patch")).value == result == merge_patch(target, patch)


@given(target=VALUES.filter(lambda v: v is not None), patch=VALUES.filter(lambda v: v is not None))
def test_a_merge_of_nodes_is_one_of_their_values(target: Any, patch: Any) -> None:
    merged = merge(node(target, "target"), node(patch, "patch"))

    assert merged.value == merge_patch(target, patch)
    assert [n.value for _, n in nodes(merged)] == list(values(merged.value))
    assert merged.size == len(list(nodes(merged)))


@given(target=MAPPINGS, patch=MAPPINGS)
def test_a_patch_that_was_laid_once_changes_nothing_the_second_time(target: Any, patch: Any) -> None:
    once = merge(node(target, "target"), node(patch, "patch"))

    assert merge(once, node(patch, "patch")).value == once.value


@given(target=MAPPINGS)
def test_a_patch_that_says_nothing_gives_the_same_node(target: Any) -> None:
    found = node(target, "target")

    assert merge(found, node({}, "patch")) is found


@given(target=MAPPINGS, patch=MAPPINGS, indent=st.sampled_from([None, 2]))
def test_every_value_and_key_points_at_the_text_that_says_it_in_the_file_that_it_came_from(
    target: Any, patch: Any, indent: int | None
) -> None:
    merged = merge(node(target, "target", indent), node(patch, "patch", indent))

    for path, found in nodes(merged):
        given = at(patch, path)
        if not isinstance(found.value, dict):
            assert found.span.source.file == ("target" if given is ... else "patch")
            assert said(found.span) == found.value
        for key, span in found.keys.items():
            assert said(span) == key
            if key in found.children and at(patch, (*path, key)) is ...:
                assert span.source.file == "target"
            if key not in found.children:
                assert (span.source.file, at(patch, (*path, key))) == ("patch", None), "a key that was removed points at the null"


def nodes(node: Node, path: Path = ()) -> Iterator[tuple[Path, Node]]:
    yield path, node
    for key, child in node.children.items():
        yield from nodes(child, (*path, key))


def values(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from values(inner)


def at(value: Any, path: Path) -> Any:
    """What a patch says at a path; `...` where it says nothing."""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return ...
    return value


def said(span: Span) -> Any:
    """The value of the text that a span covers."""
    lines = list(span.source.lines[span.line : span.end_line + 1])
    lines[-1] = lines[-1][: span.end_column]
    lines[0] = lines[0][span.column :]
    return json.loads("\n".join(lines))
