"""A user's value in another form: whatever is proposed is YAML that the field takes, and says what the user said."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import SchemaValidator

from infractl.spec.environment.document import Environment
from infractl.spec.project import Project
from infractl.spec.schema.entry import Entry, entries_within
from infractl.spec.schema.shape import SectionOf
from infractl.spec.schema.validator import core
from infractl.spec.section.secret import SecretSource
from infractl.spec.service import InferenceService
from infractl.spec.telling.fit import flow, proposal
from infractl.spec.yaml.parse import parse

ENTRIES = [entry for root in (InferenceService, Project, Environment) for entry in entries_within(root)]
FIELDS = {f"{entry.path}": entry for entry in ENTRIES}

PLAIN = st.one_of(
    st.sampled_from(
        [
            "on",
            "off",
            "auto",
            "10ms",
            "5 USD",
            "2k/s",
            "10%",
            "4Gi",
            "gpu",
            "cpu, gpu",
            "x.onnx",
            "us-east-1",
            "canary",
            "a=b",
            "p99 > 1s",
        ]
    ),
    st.sampled_from(["0 2 * * *", "'", '"', "a: b", "#", "- x", "{", "null", "1.10", "", "é ü", "*a", "two\nlines"]),
    st.text(max_size=8),
    st.integers(0, 10**6),
    st.booleans(),
    st.integers(0, 400).map(lambda quarters: quarters / 4),
)
VALUES = (
    PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.sampled_from(["name", "value", "p99", "uri"]), PLAIN, max_size=2)
)


def read(text: str) -> Any:
    """What YAML makes of a text that stands behind a key."""
    (document,) = parse(f"key: {text}\n".encode(), "x.yaml").documents
    assert document.problems == ()
    return document.value["key"]


@pytest.mark.parametrize("path", {id(entry.field): path for path, entry in FIELDS.items()}.values())
@settings(max_examples=12)
@given(values=st.lists(VALUES, min_size=8, max_size=8))
def test_whatever_is_proposed_is_what_the_field_takes(path: str, values: list[Any]) -> None:
    entry: Entry = FIELDS[path]

    for value in values:
        proposed = proposal(entry.field.shape, value, entry.field.key)
        if proposed is not None:
            SchemaValidator(core(entry.field.shape)).validate_python(read(proposed))  # raises ValidationError


@given(value=VALUES | st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=2), max_leaves=4))
def test_a_value_on_one_line_is_read_back(value: Any) -> None:
    text = flow(value)

    assert "\n" not in text
    if text.isprintable():
        assert read(text) == value


@pytest.mark.parametrize("entry", [e for e in ENTRIES if isinstance(e.field.shape, SectionOf)], ids=lambda e: str(e.path))
def test_no_value_is_proposed_for_where_a_secret_is_kept(entry: Entry) -> None:
    shape = entry.field.shape

    if isinstance(shape, SectionOf) and shape.section is SecretSource:
        assert [proposal(shape, value, entry.field.key) for value in ("KEYS", ["KEYS"], {"env": "KEYS"}, 1)] == [None] * 4


SERVICE = FIELDS["spec"].field.shape
MEANT = [
    ("spec.model.container.command", "python -m server", "[python, -m, server]"),
    ("spec.model.container.command", 'python -c "a b"', "[python, -c, a b]"),
    ("spec.model.container.env", [{"name": "A", "value": "b"}], "{A: b}"),
    ("spec.model.container.env", ["A=b", "C=d"], "{A: b, C: d}"),
    ("spec.model.container.env", ["DB_PASSWORD=b"], None),
    ("spec.targets", "local, spare", "[local, spare]"),
    ("spec.slo.latency", "15ms", "{p99: 15ms}"),
    ("spec.slo", "15ms", "{latency: {p99: 15ms}}"),
    ("spec.slo", "fast", None),
    ("spec.model", "x.onnx", '{uri: x.onnx, version: "1"}'),
    ("spec.budget", "500 EUR/month", "{monthly: 500 EUR}"),
    ("spec.budget", ["500 EUR"], "{monthly: 500 EUR}"),
    ("spec.traffic", "2k/s", "{peak: 2000/s}"),
    ("spec.hardware", "gpu", "{classes: [gpu]}"),
    ("spec.hardware.regions", "eu-west-1", "[eu-west-1]"),
    ("spec.rollout", "canary", "{strategy: canary}"),
    ("spec.rollout.steps", "5%, 100%", "[5%, 100%]"),
    ("spec.replan", "10%", "{tolerance: 10%}"),
    ("spec.serving.batching", True, "auto"),
    ("spec.serving.batching", False, "off"),
    ("spec.serving.batching", 32, "{maxBatch: 32}"),
    ("spec.serving.cache", "redis", "{backend: redis}"),
    ("spec.monitoring.alerts[].when", "p99 > 20ms", "{p99: 20ms}"),
    ("spec.monitoring.alerts[].when", "error rate above 1%", "{errorRate: 1%}"),
    ("spec.monitoring.alerts[].when", "p99 < 20ms", None),
    ("spec.lifecycle.protect", "yes", "true"),
]


@pytest.mark.parametrize(("path", "value", "meant"), MEANT)
def test_what_was_meant_is_found(path: str, value: Any, meant: str | None) -> None:
    assert proposal(FIELDS[path].field.shape, value, FIELDS[path].field.key) == meant
