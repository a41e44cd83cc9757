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
        "write provider: cloud-run or kubernetes or lambda or local or sagemaker or vertex, or install a plugin that has nimbus "
        "as an entry point in the group infractl.providers"
    )


def test_an_extra_is_named_where_this_release_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "names", lambda: ())
    monkeypatch.setattr(registry, "installed", lambda group: ())

    with pytest.raises(UsageError) as raised:
        registry.load("local")

    assert raised.value.diagnostics[0].remedy.startswith("pip install 'infractl[local]'")


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("local", "local"),
        ("sagemaker", "aws"),
        ("lambda", "aws"),
        ("vertex", "gcp"),
        ("cloud-run", "gcp"),
        ("kubernetes", "kubernetes"),
    ],
)
def test_a_provider_that_is_installed_is_known_by_the_extra_of_its_cloud(name: str, extra: str) -> None:
    assert registry.extra(name) == extra


@pytest.mark.parametrize("name", ["sagemaker", "lambda", "vertex", "cloud-run", "kubernetes"])
def test_one_that_is_not_is_known_by_its_own_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "installed", lambda group: ())

    assert registry.extra(name) == name


def test_no_extra_brings_what_nobody_knows() -> None:
    assert registry.extra("nimbus") == ""
