"""Which share of its data sheet's peaks a chip realises, by what others of its design did; and how far that may be off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from math import exp, hypot, log
from pathlib import Path
from typing import Any

import yaml

from infractl.domain.chip import Chip
from infractl.domain.figure import Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.precision import Precision
from infractl.domain.unknown import Unknown
from infractl.domain.work import Family

_FILE = Path(__file__).with_name("efficiency.yaml")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TERA, _MICRO = 1e12, 1e-6

_WITH_ITS_VECTORS = frozenset({"x86-avx512", "x86-amx"})
_TILED = (Family.convolution, Family.product)
"""What was measured by itself. The others' shares are told in times of the products'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignEffect:
    """What one family of chips, or one vendor, does better or worse than the rest, as natural logarithms.

    `apart` is what convolutions do better than products, beyond what they do elsewhere; `spread` the standard deviation of what
    is then still unexplained of a chip's time.
    """

    compute: float = 0.0
    apart: float = 0.0
    launch: float = 0.0
    spread: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """What is known of chips in general; times in microseconds.

    `power`: the share falls with the watts that a chip has for a trillion operations of a byte, by this exponent. `reference` is
    where it is 1; a chip whose watts nobody publishes has `reference_tera`'s. `most` of a peak is never exceeded.
    """

    compute: Mapping[Family, float]
    power: float
    reference: float
    reference_tera: float
    most: float
    precisions: Mapping[Precision, float]
    memory: float
    activations: float
    launch_us: float
    call_us: float
    designs: Mapping[str, DesignEffect]
    vendors: Mapping[str, DesignEffect]
    unseen_spread: Mapping[str, float]
    processor: Mapping[str, float]
    processor_compute: Mapping[Family, float]
    server: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Efficiency:
    """What a chip realises at one precision. `compute` are shares of its peak, `memory` of its bandwidth.

    `activations` is the share of what operators read and write that caches do not keep. An accelerator `folds` what is done
    element by element into the product beside it; `near_bytes_per_flop` is what a processor's cores move meanwhile, for each
    operation of their fp32 peak. `buckets`: what is executed was compiled for sizes that are powers of two.
    `spread` is the standard deviation of the logarithm of true over computed times.
    """

    compute: Mapping[Family, float]
    memory: float
    activations: float
    launch_s: float
    call_s: float
    folds: bool
    buckets: bool
    near_bytes_per_flop: float
    spread: float


@cache
def priors() -> Priors:
    """Those that come with infractl."""
    return priors_from(yaml.load(_FILE.read_bytes(), _LOADER))


def efficiency(chip: Chip, precision: Precision, known: Priors | None = None) -> Efficiency | Unknown:
    """Of a chip with a data sheet; unknown where the sheet has no peak at this precision, or no bandwidth."""
    known = known or priors()
    peak = chip.peak_flops_per_s.get(precision, Unknown("not stated"))
    if isinstance(peak, Unknown):
        return Unknown(f"no peak of {chip.name} in {precision}: {peak.why}")
    if isinstance(chip.bandwidth_bytes_per_s, Unknown):
        return Unknown(f"no bandwidth of {chip.name}: {chip.bandwidth_bytes_per_s.why}")
    design = known.designs.get(_design_of(chip, precision), DesignEffect())
    vendor = known.vendors.get(vendor_of(chip), DesignEffect())
    if chip.cores:
        found = _processor(known, design, vendor, precision)
    else:
        found = _accelerator(known, chip, design, vendor, precision, peak.value)
    # A peak that is not certain itself is off besides; its ends are two standard deviations apart from it.
    return replace(found, spread=hypot(found.spread, log(peak.high / peak.value) / 2))


def _design_of(chip: Chip, precision: Precision) -> str:
    """Whose effect it is: what a processor computes in fp32, its vector units do, whatever else it has."""
    vectors = "x86-avx512-vnni"
    return vectors if precision is Precision.fp32 and chip.family in _WITH_ITS_VECTORS else chip.family


def vendor_of(chip: Chip) -> str:
    """The first word of its family; processors are all of one sort."""
    return "cpu" if chip.cores else chip.family.partition("-")[0]


def _accelerator(
    known: Priors, chip: Chip, design: DesignEffect, vendor: DesignEffect, precision: Precision, peak: float
) -> Efficiency:
    # Peaks are of a clock that a chip keeps only with enough power. Power goes with the cube of the clock.
    tera = peak * precision.bytes / _TERA
    watts = chip.watts.value if isinstance(chip.watts, Figure) else known.reference * known.reference_tera
    scale = exp(design.compute + vendor.compute) * (watts / tera / known.reference) ** known.power
    scale *= known.precisions.get(precision, 1.0)
    return Efficiency(
        compute=_shares(known.compute, scale, design, known.most),
        memory=known.memory,
        activations=known.activations,
        launch_s=known.launch_us * _MICRO * exp(design.launch + vendor.launch),
        call_s=known.call_us * _MICRO,
        folds=True,
        buckets=chip.hardware_class is HardwareClass.tpu,
        near_bytes_per_flop=float("inf"),
        spread=_spread(known, design, vendor, precision),
    )


def _processor(known: Priors, design: DesignEffect, vendor: DesignEffect, precision: Precision) -> Efficiency:
    told = known.processor
    return Efficiency(
        compute=_shares(known.processor_compute, exp(design.compute + vendor.compute), design, 1.0),
        memory=known.memory,
        activations=known.activations,
        launch_s=told["launch_us"] * _MICRO,
        call_s=told["call_us"] * _MICRO,
        folds=False,
        buckets=False,
        near_bytes_per_flop=told["near_bytes_per_flop"],
        spread=_spread(known, design, vendor, precision),
    )


def _shares(shares: Mapping[Family, float], scale: float, design: DesignEffect, most: float) -> Mapping[Family, float]:
    """Where they come out above `most`, all are lowered alike."""
    apart = {Family.convolution: exp(design.apart / 2), Family.product: exp(-design.apart / 2)}
    found = {family: share * scale * apart.get(family, 1.0) for family, share in shares.items()}
    over = max(1.0, *(found[family] / most for family in _TILED))
    return {family: share / over for family, share in found.items()}


def _spread(known: Priors, design: DesignEffect, vendor: DesignEffect, precision: Precision) -> float:
    seen = next((each.spread for each in (design, vendor) if each.spread is not None), known.unseen_spread["vendor"])
    return seen if precision in known.precisions else hypot(seen, known.unseen_spread["precision"])


def priors_from(document: Mapping[str, Any]) -> Priors:
    """As `efficiency.yaml` has them."""
    accelerator, processor = document["accelerators"], document["processors"]
    return Priors(
        compute=_families(accelerator["compute"]),
        power=accelerator["power"],
        reference=accelerator["reference_watts_per_tera"],
        reference_tera=accelerator["reference_tera"],
        most=accelerator["most"],
        precisions={Precision(name): factor for name, factor in accelerator["precisions"].items()},
        memory=accelerator["memory"],
        activations=accelerator["activations"],
        launch_us=accelerator["launch_us"],
        call_us=accelerator["call_us"],
        designs={name: DesignEffect(**effect) for name, effect in document["designs"].items()},
        vendors={name: DesignEffect(**effect) for name, effect in document["vendors"].items()},
        unseen_spread=document["unseen_spread"],
        processor={name: processor[name] for name in ("launch_us", "call_us", "near_bytes_per_flop")},
        processor_compute=_families(processor["compute"]),
        server=document["server"],
        source=document["source"],
    )


def _families(shares: Mapping[str, float]) -> Mapping[Family, float]:
    product = shares["product"]
    return {Family(name): share if Family(name) in _TILED else share * product for name, share in shares.items()}
