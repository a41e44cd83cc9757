"""How many sequences fit into the memory of a chip beside its share of the weights (PagedAttention, SOSP 2023: no gaps)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from infractl.domain.chip import Chip
from infractl.domain.figure import Basis, Figure
from infractl.domain.placement import Violation
from infractl.placement.language.speed import LanguageSpeed

USABLE_SHARE = 0.9
"""Of the chip's memory: vLLM's default for `gpu_memory_utilization`."""

RESERVED_BYTES, COLLECTIVES_BYTES = 3.5e9, 0.38e9
"""For the runtime and its graphs, and, with several chips, for NCCL: `other_mem` and `nccl_mem` of aiconfigurator's systems."""

_ACTIVATION_BYTES = 2.0
_LARGE = 70 * 2**30

_SURE = 2.0
"""Standard deviations of room that are kept for sequences that happen to be long at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What one chip holds: `fixed_bytes` whatever runs, and `sequences` at once. `step_tokens` are read in a step at most."""

    usable_bytes: float
    fixed_bytes: float
    sequence_bytes: float
    sequences: int
    step_tokens: int

    @property
    def used_bytes(self) -> Figure:
        """With all sequences; each half way through its output."""
        used = self.fixed_bytes + self.sequences * self.sequence_bytes
        source = "weights and cache by the config, and what engines keep for themselves"
        return Figure(value=used, unit="B", low=used, high=used, basis=Basis.estimated, source=source)


def step_tokens(chip: Chip) -> int:
    """The tokens that an engine puts into one step: vLLM's defaults for servers (`EngineArgs`, vllm/engine/arg_utils.py)."""
    return 8192 if _is_large(chip) else 2048


def sequence_cap(chip: Chip) -> int:
    """The sequences that it runs at once, whatever the memory: likewise."""
    return 1024 if _is_large(chip) else 256


def room(speed: LanguageSpeed, chip: Chip, prompt: int, output: int) -> Room | Violation:
    """Of one chip, for sequences of one shape; `does-not-fit-memory` where there is none for a single one."""
    tokens = step_tokens(chip)
    collectives = COLLECTIVES_BYTES if speed.chips > 1 else 0.0
    fixed = speed.weight_bytes() + _activation_bytes(speed, tokens) + RESERVED_BYTES + collectives
    usable = USABLE_SHARE * chip.memory_bytes
    whole = speed.sequence_bytes(prompt + output)
    if fixed + whole > usable:
        return Violation(code="does-not-fit-memory", need=_bytes(fixed + whole), have=_bytes(usable))
    half = speed.sequence_bytes(prompt + output // 2)
    return Room(
        usable_bytes=usable,
        fixed_bytes=fixed,
        sequence_bytes=half,
        sequences=min(sequence_cap(chip), _fitting(usable - fixed, half, whole)),
        step_tokens=tokens,
    )


def _is_large(chip: Chip) -> bool:
    return chip.memory_bytes >= _LARGE and "a100" not in chip.name.lower()


def _activation_bytes(speed: LanguageSpeed, tokens: int) -> float:
    """A step's inputs and outputs of a layer, and the gated block's two inner tensors, of which each chip has its part."""
    width = max(
        max(g.feed_forward.width * max(1, g.feed_forward.experts_per_token), g.feed_forward.shared_width)
        for g in speed.model.layers
    )
    return tokens * (2 * speed.model.hidden + 2 * width / speed.chips) * _ACTIVATION_BYTES


def _fitting(free: float, half: float, whole: float) -> int:
    """The largest number of sequences, each somewhere between prompt and end, that are within `free` with certainty enough.

    Their sum has the mean `n half` and, as each is uniform up to `whole`, the deviation `(whole - half) sqrt(n / 3)`: solved for
    the root of n.
    """
    spread = _SURE * (whole - half) / math.sqrt(3)
    root = (-spread + math.sqrt(spread * spread + 4 * half * free)) / (2 * half)
    return max(1, int(root * root))


def _bytes(value: float) -> Figure:
    return Figure(value=value, unit="B", low=value, high=value, basis=Basis.estimated, source="weights and cache by the config")
