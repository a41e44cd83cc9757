"""A pool of machines of one's own, as infractl.yaml declares it for a target."""

from __future__ import annotations

from dataclasses import dataclass

from infractl.domain.offer import Rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One sort of machine, where a provider cannot ask for it or for its price.

    `chip` is the accelerator's name, of which it has `chips`, or the processor's family; None where nobody says. `cpus` are its
    processors as a system counts them (hyper-threads too), `ghz` their clock at work, `memory_bytes` its main memory, `count`
    how many of them there are (None: enough). `tariff` is what one costs today; an empty one is an unknown price.
    """

    chip: str | None = None
    chips: int = 1
    cpus: int | None = None
    ghz: float | None = None
    memory_bytes: int | None = None
    count: int | None = None
    tariff: tuple[Rate, ...] = ()
