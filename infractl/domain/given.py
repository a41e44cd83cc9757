"""What an environment gave to a service, so that a plan can show where each value came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What an environment gave to a service's document: the value at `path` as text, and `at`, the `file:line` where it stands.

    `before` is what the document itself says there. None is nothing: a value of None was removed. `at` names several places,
    with commas, where their values were put into one text.
    """

    path: str
    value: str | None
    before: str | None
    at: str
