"""What is not known, said aloud: a missing price is `Unknown`, never 0."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """A figure that nobody has, and why."""

    why: str
