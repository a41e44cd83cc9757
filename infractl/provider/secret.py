"""A secret's value, which cannot be printed by accident."""

from __future__ import annotations


class Secret:
    """Holds a secret; `str`, `repr` and formatting show `***`. Call `reveal` where it is sent, and nowhere else."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"
