"""What is deployed: releases, their serving configuration, and how traffic is shared between them."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.artifact import Artifact
from infractl.domain.placement import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingConfig:
    """How one replica serves.

    `max_batch` items are joined into one call; `max_delay_s` is how long an idle session may wait for more (0: never).
    `instances` sessions work side by side, each with `threads` threads. At most `max_concurrency` requests are
    admitted at once, queued ones included; the next gets 503. `reject_non_finite` refuses NaN and infinity in inputs.
    """

    max_batch: int
    max_delay_s: float
    instances: int
    threads: int
    max_concurrency: int
    warmup: int
    reject_non_finite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of a service: the user's version word, the artifact, where it runs and how it serves."""

    version: str
    artifact: Artifact
    placement: Placement
    config: ServingConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A service's stable release and, during a rollout, a candidate with its share of the traffic (0 to 1).

    `protected`: it is not destroyed, whatever is declared or asked for, before it was deployed without that.
    """

    project: str
    environment: str
    service: str
    stable: Release
    candidate: Release | None = None
    share: float = 0.0
    protected: bool = False
