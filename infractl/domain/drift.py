"""Drift: where what lives is not what was recorded, and what the next apply does about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from infractl.domain.address import ServiceKey


class Sort(StrEnum):
    """In which way an object differs from what is recorded."""

    changed = "changed"
    """It is there, with other attributes."""
    gone = "gone"
    """It is recorded, and is not there."""
    foreign = "foreign"
    """What is there under the recorded id carries another owner's labels."""
    orphan = "orphan"
    """It carries the service's labels, and is not recorded."""


class Course(StrEnum):
    """What the next apply of the service, declared as it was applied, does."""

    reverts = "reverts"
    keeps = "keeps"
    makes = "makes"
    adopts = "adopts"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeDrift:
    """One attribute, by path. An absent side is None, and `added` (live only) or `removed` (recorded only) says so."""

    path: str
    recorded: Any
    live: Any
    added: bool
    removed: bool
    next_apply: Course
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectDrift:
    """One object that differs. `id` is the provider's. What the next apply does with attributes, each of them says."""

    address: str
    target: str
    id: str
    sort: Sort
    next_apply: Course
    why: str
    attributes: tuple[AttributeDrift, ...] = ()

    @property
    def counts(self) -> bool:
        """What the provider leaves to others, such as a number of replicas to an autoscaler, is told of and is no drift."""
        return self.sort is not Sort.changed or self.next_apply is Course.reverts


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDrift:
    """One recorded service: how many resources were compared, whether it drifted, and everything that differs."""

    key: ServiceKey
    target: str
    compared: int
    drifted: bool
    objects: tuple[ObjectDrift, ...]
    notes: tuple[str, ...]
