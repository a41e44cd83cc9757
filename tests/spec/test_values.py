"""`${name}` in documents: what it becomes, where that points, and what is said of one that stands for nothing."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.errors import Diagnostics
from infractl.spec.environment.values import MOST_REFERENCES, Values, fill
from infractl.spec.yaml.document import Node
from infractl.spec.yaml.parse import parse

VALUES = """\
peak: 50/s
warmup: 3
release: 1.10
on: true
name: "fraud"
"""


def root(text: str, file: str = "service.yaml") -> Node:
    (document,) = parse(text.encode(), file).documents
    return document.root


def filled(text: str, environment: str = "staging") -> tuple[Node, list[str]]:
    named = {str(name): node for name, node in root(VALUES, "environments/staging.yaml").children.items()}
    problems = Diagnostics()
    node = fill(root(text), Values(environment, named), problems)
    return node, [f"{p.slug} {p.at}: {p.detail} = {p.remedy}" for p in problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${peak}", "50/s"),
        ('"${warmup}"', 3),
        ("'${release}'", 1.1),
        ("${on}", True),
        ("release-${release}", "release-1.10"),
        ("${name}${name}", "fraudfraud"),
        ("${on}/${warmup}", "true/3"),
        ("$${peak}", "${peak}"),
        ("a $${ and ${peak}", "a ${ and 50/s"),
        ("$peak $$ {peak} ${on} }", "$peak $$ {peak} true }"),
        ('"\\x24{peak}"', "50/s"),
        ("|\n    ${peak}\n    once\n", "50/s\nonce\n"),
        ('["${peak}", {deep: "${warmup}"}]', ["50/s", {"deep": 3}]),
    ],
)
def test_a_reference_becomes_its_value_with_its_type_and_inside_a_text_its_words(text: str, value: Any) -> None:
    node, problems = filled(f"spec:\n  key: {text}\n")

    assert problems == []
    assert node.value == {"spec": {"key": value}}


def test_a_value_points_at_its_own_place_and_a_text_that_holds_one_at_the_text_s() -> None:
    node, _ = filled('spec: {peak: "${peak}", uri: "models/${name}.onnx"}\n')
    peak, uri = node.children["spec"].children["peak"], node.children["spec"].children["uri"]

    assert str(peak.span.mark) == "environments/staging.yaml:1:7"
    assert (str(uri.span.mark), uri.written) == ("service.yaml:1:30", '"models/${name}.onnx"')
    assert str(node.children["spec"].keys["peak"].mark) == "service.yaml:1:8"


def test_what_says_which_service_it_is_refers_to_nothing() -> None:
    text = 'apiVersion: "${name}"\nkind: "${name}"\nmetadata: {name: "${name}", labels: {name: "${name}"}}\n'

    node, problems = filled(text)

    assert problems == []
    assert node.value == {
        "apiVersion": "${name}",
        "kind": "${name}",
        "metadata": {"name": "${name}", "labels": {"name": "fraud"}},
    }


def test_every_reference_that_stands_for_nothing_is_told_at_its_place() -> None:
    node, problems = filled('spec:\n  a: ${paek}\n  b: ["x ${peak} ${nothing-like-it}", "${open", "${not a name}", "${}"]\n')

    known = "peak, warmup, release, on, name"
    declare = f"declare it under values in environments/staging.yaml or infractl.yaml, or use one of: {known}"
    write = "write ${name}; where the characters ${ are meant, write $${"
    assert problems == [
        "unknown-environment-value service.yaml:2:6: paek is not a value of the environment staging = did you mean peak?",
        "unknown-environment-value service.yaml:3:7: nothing-like-it is not a value of the environment staging = " + declare,
        f"value-reference service.yaml:3:39: nothing closes this ${{ = {write.replace('name', 'open')}",
        f"value-reference service.yaml:3:49: not a name is not a value's name = {write}",
        f"value-reference service.yaml:3:66: an empty text is not a value's name = {write}",
    ]
    assert node.value["spec"]["a"] == "${paek}"


def test_in_the_default_environment_the_remedy_is_another_one() -> None:
    _, (problem,) = filled("spec: {a: '${zzz}'}\n", environment="default")

    assert "choose an environment that has it with --env, or write defaultEnvironment: false in infractl.yaml" in problem


def test_references_cannot_blow_a_document_up() -> None:
    node, (problem,) = filled("spec: {a: '" + "${peak}-" * 100_000 + "'}\n")

    assert problem.startswith(f"value-reference service.yaml:1:1: 100000 times ${{ is more than the {MOST_REFERENCES}")
    assert len(node.value["spec"]["a"]) == 800_000


TEXTS = st.text("ab$${}", max_size=12)


@given(text=st.recursive(TEXTS, lambda inner: st.lists(inner, max_size=3), max_leaves=6))
def test_what_has_no_reference_is_left_as_it_is_and_an_escaped_text_comes_back(text: Any) -> None:
    def escaped(value: Any) -> Any:
        return value.replace("${", "$${") if isinstance(value, str) else [escaped(v) for v in value]

    def plain(value: Any) -> bool:
        return "${" not in value if isinstance(value, str) else all(map(plain, value))

    import json

    before = root(json.dumps({"spec": {"key": escaped(text)}}))
    problems = Diagnostics()
    after = fill(before, Values("staging", {}), problems)

    assert (len(problems), after.value) == (0, {"spec": {"key": text}})
    assert (after is before) == plain(text)
