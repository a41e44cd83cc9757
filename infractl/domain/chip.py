"""What computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.figure import Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.precision import Precision
from infractl.domain.unknown import Unknown

NOT_STATED = Unknown("not stated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One processor or accelerator. Peaks are per chip and dense: FLOP/s by precision (operations a second for integers).

    For a CPU, a chip is the whole machine's processor and `cores` its usable cores; an accelerator has none. `memory_bytes` is
    its own memory; a CPU's is its host's. `family` names chips of one design ("nvidia-ampere", "x86-avx512-vnni"), which realise
    about the same share of their peaks. `watts` is what it draws at most, `link_bytes_per_s` what it sends to its neighbours,
    in one direction.
    """

    name: str
    hardware_class: HardwareClass
    cores: int
    peak_flops_per_s: Mapping[Precision, Figure | Unknown]
    bandwidth_bytes_per_s: Figure | Unknown
    memory_bytes: int
    family: str = ""
    watts: Figure | Unknown = NOT_STATED
    link_bytes_per_s: Figure | Unknown = NOT_STATED
