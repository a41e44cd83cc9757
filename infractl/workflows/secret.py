"""Resolves references to secrets. So far they may live in the environment."""

from __future__ import annotations

import os

from infractl.domain.value import SecretRef
from infractl.errors import ProviderError
from infractl.provider.secret import Secret


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
