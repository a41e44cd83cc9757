"""The place of a secret that a document holds, without the secret: problems are printed into logs that many can read."""

from __future__ import annotations

from dataclasses import replace

from infractl.errors import Mark


def concealed(key: Mark) -> Mark:
    """A key's place, with nothing of its line behind the key, and nothing before it that could be another value."""
    before = key.text[: key.column - 1]
    return replace(key, text="" if before.strip(" -") else key.text[: key.column - 1 + key.width])
