"""Resolves references to secrets. So far they may live in the environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from infractl.domain.resource import Recorded, Resource
from infractl.domain.value import SecretRef
from infractl.errors import ProviderError
from infractl.provider.secret import Secret, say_openly


class EnvironmentSecrets:
    """Secrets in environment variables: source `env`, the name is the variable's."""

    def resolve(self, ref: SecretRef) -> Secret:
        value = os.environ.get(ref.name) if ref.source == "env" else None
        if value is None:
            raise ProviderError.of(
                "secret-missing",
                summary="a secret cannot be resolved",
                detail=f"{ref.source}:{ref.name}",
                remedy=f"export {ref.name} in the environment of this command",
            )
        return Secret(value)


def acquaint(objects: Iterable[Resource | Recorded]) -> None:
    """What is referred to is known by value before a plugin is asked, which may repeat it. One that is not there is no error."""
    named = [(o.address.as_dict(), o.properties) for o in objects]
    say_openly(named)
    for ref in set(_refs_in(named)):
        with suppress(ProviderError):
            EnvironmentSecrets().resolve(ref)


def _refs_in(value: Any) -> Iterator[SecretRef]:
    match value:
        case SecretRef():
            yield value
        case Mapping():
            yield from _refs_in(list(value.values()))
        case list() | tuple():
            for item in value:
                yield from _refs_in(item)
