"""A pass's settings as typed values. What no pass reads is a mistake, and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from infractl.domain.value import Json
from infractl.optimizer.passes.contract import PassRefusedError


def only(settings: Mapping[str, Json], *known: str) -> None:
    """Raises PassRefusedError where a setting is none of these."""
    if unknown := sorted(set(settings) - set(known)):
        raise PassRefusedError("settings", f"{', '.join(unknown)} is not among: {', '.join(known) or 'none'}")


def truth(settings: Mapping[str, Json], name: str, default: bool) -> bool:
    """Raises PassRefusedError where it is neither true nor false."""
    value = settings.get(name, default)
    if not isinstance(value, bool):
        raise PassRefusedError("settings", f"{name} is true or false, not {value!r}")
    return value


def number(settings: Mapping[str, Json], name: str, default: float, *, least: float, most: float) -> float:
    """Raises PassRefusedError where it is no number from `least` to `most`."""
    value = settings.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise PassRefusedError("settings", f"{name} is a number from {least:g} to {most:g}, not {value!r}")
    return float(value)


def choice(settings: Mapping[str, Json], name: str, default: str, among: Sequence[str]) -> str:
    """Raises PassRefusedError where it is none of these words."""
    value = settings.get(name, default)
    if value not in among:
        raise PassRefusedError("settings", f"{name} is one of {', '.join(among)}, not {value!r}")
    return str(value)


def words(settings: Mapping[str, Json], name: str, default: Sequence[str], among: Sequence[str]) -> tuple[str, ...]:
    """Raises PassRefusedError where it is no list of some of these words."""
    value = settings.get(name, default)
    if isinstance(value, str) or not isinstance(value, Sequence) or not value or not set(value) <= set(among):
        raise PassRefusedError("settings", f"{name} is a list of some of {', '.join(among)}, not {value!r}")
    return tuple(each for each in among if each in value)
