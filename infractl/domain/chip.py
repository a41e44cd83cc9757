"""What computes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from infractl.domain.figure import Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.unknown import Unknown
from infractl.tensors import Dtype


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """One processor or accelerator. Peaks are per chip: FLOP/s by element type, memory bandwidth in B/s.

    For a CPU, a chip is the whole machine's processor and `cores` its usable cores.
    """

    name: str
    hardware_class: HardwareClass
    cores: int
    peak_flops_per_s: Mapping[Dtype, Figure | Unknown]
    bandwidth_bytes_per_s: Figure | Unknown
    memory_bytes: int
