"""What is left to others comes from what lives, and all else from what is wanted."""

from __future__ import annotations

from typing import Any

import pytest

from infractl.domain.address import Address
from infractl.domain.attribute_pattern import AttributePattern
from infractl.domain.resource import Resource
from infractl.domain.value import Output, SecretRef
from infractl.planning.leave import laid
from infractl.provider.schema import Attribute, Schema

ADDRESS = Address(project="p", environment="e", service="s", kind="thing", name="main")
SCHEMA = Schema({"rules": Attribute(unordered_by="name"), "key": Attribute(sensitive=True), "url": Attribute(computed=True)})


@pytest.mark.parametrize(
    ("path", "wanted", "live", "becomes"),
    [
        ("size", {"size": 1, "host": "a"}, {"size": 2, "host": "b"}, {"size": 2, "host": "a"}),
        ("size", {"size": 1}, {}, {}),
        ("label", {}, {"label": "x"}, {"label": "x"}),
        ("config", {"config": {"a": 1}}, {"config": {"a": 2, "b": 3}}, {"config": {"a": 2, "b": 3}}),
        ("config.b", {"config": {"a": 1}}, {"config": {"a": 2, "b": 3}}, {"config": {"a": 1, "b": 3}}),
        ("config.b", {"config": {"a": 1, "b": 1}}, {}, {"config": {"a": 1, "b": 1}}),
        (
            "config.*.n",
            {"config": {"x": {"n": 1, "m": 1}}},
            {"config": {"x": {"n": 2, "m": 2}}},
            {"config": {"x": {"n": 2, "m": 1}}},
        ),
        ("labels.example.org/a", {"labels": {}}, {"labels": {"example.org/a": 1}}, {"labels": {"example.org/a": 1}}),
        ("parts[1]", {"parts": [1, 2]}, {"parts": [3, 4]}, {"parts": [1, 4]}),
        ("parts.0", {"parts": [1, 2]}, {"parts": [3]}, {"parts": [1, 2]}),
        (
            "rules.b.share",
            {"rules": [{"name": "a", "share": 1}, {"name": "b", "share": 1}]},
            {"rules": [{"name": "b", "share": 5}, {"name": "a", "share": 5}]},
            {"rules": [{"name": "a", "share": 1}, {"name": "b", "share": 5}]},
        ),
        ("peer", {"peer": Output(ADDRESS, "url")}, {"peer": "there"}, {"peer": "there"}),
        ("*", {"key": SecretRef("env", "KEY"), "size": 1}, {"size": 2, "url": "x"}, {"key": SecretRef("env", "KEY"), "size": 2}),
    ],
)
def test_a_path_that_is_left_to_others_keeps_what_lives(path: str, wanted: Any, live: Any, becomes: Any) -> None:
    assert laid(Resource(address=ADDRESS, properties=wanted, ignores=(path,)), live, SCHEMA) == becomes


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("thing.size", True),
        ("thing/main.size", True),
        ("thing/other.size", False),
        ("other.size", False),
        ("*.size", True),
        ("thing/*.size", True),
    ],
)
def test_a_pattern_names_a_kind_or_one_resource_of_it(written: str, means: bool) -> None:
    pattern = AttributePattern.parse(written)
    assert pattern is not None
    assert (pattern.means(ADDRESS), pattern.path) == (means, "size")


@pytest.mark.parametrize("written", ["size", "thing.", ".size", "thing/.size", "thing/main", "thing size.a", ""])
def test_what_says_no_kind_or_no_attribute_is_no_pattern(written: str) -> None:
    assert AttributePattern.parse(written) is None
