"""A secret that this process knows is hidden in whatever form somebody else tells it."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from infractl.provider.secret import Secret, conceal, concealed


@pytest.mark.parametrize(
    "spelled",
    [str, json.dumps, repr, lambda s: quote(s, safe=""), lambda s: base64.b64encode(s.encode()).decode()],
    ids=["as it is", "json", "repr", "url", "base64"],
)
def test_a_secret_is_hidden_however_it_is_quoted(spelled: object) -> None:
    secret = 'sk/live "ünïque-77c1"'
    Secret(secret)
    assert callable(spelled)

    text = conceal(f"before {spelled(secret)} after")

    assert "77c1" not in text and spelled(secret) not in text
    assert text.startswith("before ") and text.endswith(" after")


def test_each_line_of_a_file_of_keys_is_a_secret() -> None:
    Secret("first-key-90ab\nsecond-key-90ab\n")

    assert conceal("refused: second-key-90ab") == "refused: ***"


def test_a_short_value_does_not_hide_what_looks_like_it() -> None:
    Secret("prod")

    assert conceal("the environment prod") == "the environment prod"


def test_a_property_is_concealed_as_deep_as_it_goes_and_keeps_what_is_no_text() -> None:
    Secret("deep-secret-3fe1")

    assert concealed({"a": [{"b": "x deep-secret-3fe1"}, 1, None, True]}) == {"a": [{"b": "x ***"}, 1, None, True]}
