"""What `bench` found: each load as a client saw it, the measurement made of them, and what was predicted and promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from infractl.domain.address import ServiceKey
from infractl.domain.figure import Figure
from infractl.domain.measurement import Measurement


class Scenario(StrEnum):
    """How requests are sent. The first four bear the names, and as far as they apply the rules, of MLPerf Inference."""

    single_stream = "SingleStream"
    """One at a time: the next when the last is answered."""
    multi_stream = "MultiStream"
    """Eight at once, and the next eight when all are answered."""
    server = "Server"
    """Poisson arrivals at the peak rate."""
    offline = "Offline"
    """Everything is there at the start."""
    constant = "Constant"
    """Arrivals at equal distances, at the peak rate."""
    saturation = "Saturation"
    """Several clients, each of which sends the next request when it has its answer."""
    capacity = "Capacity"
    """The highest rate of Poisson arrivals that keeps the latency limits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A rate that was tried on the way to the capacity. `reason` says what it broke; empty where it kept the limits."""

    rate_per_s: float
    reason: str

    @property
    def kept(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One scenario. `figures` by name ("p50", "rate"), `lacking` why another has no figure.

    `requests` were sent, `errors` of them failed, in the counted `seconds` and the `warm_up_s` before them. `stopped` says why
    it ended before its time, `gone` whether that was because nobody listened any more. `client` says why the load process, and
    not the service, was the limit; `late_s` is how late it sent 99% of the requests at most. `bound`: for that or because no
    more was tried, the figures are bounds, a latency at most so long and a rate at least so high. `rules` are those of MLPerf
    that the run does not meet; None for scenarios that are not MLPerf's. `tried` are the rates of the search for the capacity.
    """

    scenario: Scenario
    rate_per_s: float | None
    connections: int
    warm_up_s: float
    seconds: float
    requests: int
    errors: int
    figures: Mapping[str, Figure]
    first_error: str = ""
    stopped: str = ""
    gone: bool = False
    lacking: Mapping[str, str] = field(default_factory=dict)
    client_busy_share: float = 0.0
    late_s: float = 0.0
    client: str = ""
    bound: bool = False
    rules: tuple[str, ...] | None = None
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A service measured. `skipped` says why a scenario was not run, `notes` what a reader of the figures should know.

    `predicted` and `promised` have the names of the measurement's figures. `stored` is the digest under which the measurement is
    kept; empty where it is not, and `why_not` says why. `failure` says why what was seen is no measurement; empty where it is.
    """

    key: ServiceKey
    version: str
    url: str
    measurement: Measurement
    runs: tuple[Run, ...]
    skipped: Mapping[str, str]
    predicted: Mapping[str, Figure]
    promised: Mapping[str, Figure]
    notes: tuple[str, ...]
    stored: str = ""
    why_not: str = ""
    failure: str = ""
