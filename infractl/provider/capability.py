"""What a connected kind or provider may also offer. Each is found with `isinstance`; none is required."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from infractl.domain.offer import Offer
from infractl.domain.resource import Live, Resource
from infractl.errors import Diagnostic
from infractl.provider.contract import Target


@runtime_checkable
class Preflights(Protocol):
    """A kind that can tell beforehand what would go wrong."""

    def preflight(self, desired: Resource, live: Live | None) -> Sequence[Diagnostic]:
        """What stands against making `desired` of what lives now, found without changing anything."""
        ...


@runtime_checkable
class Invokes(Protocol):
    """A kind whose objects answer inference requests."""

    def invoke(self, live: Live, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send one Open Inference Protocol request body and give the answer's body. Raises ProviderError."""
        ...


@runtime_checkable
class Measures(Protocol):
    """A kind whose objects count what they serve."""

    def metrics(self, live: Live) -> Mapping[str, float]:
        """Counters and percentiles since the object was made: requests, errors, p50_s, p95_s, p99_s where known."""
        ...


@runtime_checkable
class Logs(Protocol):
    """A kind whose objects write a log."""

    def last_lines(self, live: Live, count: int) -> Sequence[str]:
        """The newest lines, oldest first."""
        ...


@runtime_checkable
class TakesMachines(Protocol):
    """A provider whose offers are made of `Target.machines`: it can ask neither for its machines' chips nor for their prices."""

    takes_machines: bool


@runtime_checkable
class ReadsPrices(Protocol):
    """A provider that reads its cloud's own price list, as it can be downloaded."""

    def read_prices(self, file: Path, target: Target) -> Sequence[Offer]:
        """Those of the target's offers that the list has every price of, at these, each with source and date.

        Raises ProviderError where the file is no such list, or none of the target's region.
        """
        ...
