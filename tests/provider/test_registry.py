"""How a provider is found, and what is said where it is not."""

from __future__ import annotations

import pytest

from infractl.errors import UsageError
from infractl.provider import registry


def test_a_provider_that_is_not_installed_is_told_with_those_that_are_and_how_one_is_found() -> None:
    with pytest.raises(UsageError) as raised:
        registry.load("nimbus")

    (problem,) = raised.value.diagnostics
    assert problem.remedy == (
        "write provider: local, or install a plugin that has nimbus as an entry point in the group infractl.providers"
    )


def test_an_extra_is_named_where_this_release_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "names", lambda: ())
    monkeypatch.setattr(registry, "entry_points", lambda group: [])

    with pytest.raises(UsageError) as raised:
        registry.load("local")

    assert raised.value.diagnostics[0].remedy.startswith("pip install 'infractl[local]'")
