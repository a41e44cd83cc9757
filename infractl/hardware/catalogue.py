"""The chips that are known by their data sheets, and processors by their family; what a sheet does not say is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from infractl.domain.chip import Chip
from infractl.domain.figure import Basis, Figure
from infractl.domain.hardware_class import HardwareClass
from infractl.domain.precision import Precision
from infractl.domain.unknown import Unknown

_FILE = Path(__file__).with_name("chips.yaml")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_GIGA, _TERA = 1e9, 1e12

NOT_PUBLISHED = Unknown("no source gives it")


def chip(name: str) -> Chip:
    """The accelerator of this name ("L4", "A100-SXM-80GB"). Raises KeyError for one that the catalogue does not have."""
    return chips()[name]


@cache
def chips() -> Mapping[str, Chip]:
    """Every accelerator by its name. One without memory of its own has 0 bytes: it shares its host's."""
    return MappingProxyType({row["name"]: _accelerator(row) for row in _document()["chips"]})


def families() -> tuple[str, ...]:
    """Those of processors."""
    return tuple(row["family"] for row in _document()["processors"])


@cache
def processor(family: str, *, vcpus: float, ghz: float, memory_bytes: int = 0) -> Chip:
    """A processor, or the share of one that a machine or a function has. Raises KeyError for a family that nobody described.

    `peak = cores · GHz · operations a cycle`; the bandwidth is the socket's, shared among its vCPUs. `vcpus` may be a fraction.
    `cores` are whole ones, hyper-threads not counted, and at least one.
    """
    row = next((row for row in _document()["processors"] if row["family"] == family), None)
    if row is None:
        raise KeyError(family)
    cores = vcpus / row["vcpus_per_core"]
    peaks = {name: cores * ghz * _GIGA * each for name, each in row["flops_per_cycle"].items()}
    return Chip(
        name=f"{family} x{vcpus:g} at {ghz:g} GHz",
        hardware_class=HardwareClass.cpu,
        cores=max(1, int(cores)),
        peak_flops_per_s=_peaks(row, peaks, "FLOP/s"),
        bandwidth_bytes_per_s=_figure(row, "bandwidth", row["bandwidth_gb_s"] * _GIGA * vcpus / row["vcpus_per_socket"], "B/s"),
        memory_bytes=memory_bytes,
        family=family,
    )


@cache
def _document() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.load(_FILE.read_bytes(), _LOADER)
    return found


def _accelerator(row: Mapping[str, Any]) -> Chip:
    peaks = {name: each * _TERA for name, each in row["peak_tflops"].items()}
    return Chip(
        name=row["name"],
        hardware_class=HardwareClass(row["class"]),
        cores=0,
        peak_flops_per_s=_peaks(row, peaks, "FLOP/s"),
        bandwidth_bytes_per_s=_stated(row, "bandwidth", "bandwidth_gb_s", _GIGA, "B/s"),
        memory_bytes=round(row.get("memory_gb", 0) * _GIGA),
        family=row["family"],
        watts=_stated(row, "watts", "watts", 1.0, "W"),
        link_bytes_per_s=_stated(row, "link", "link_gb_s", _GIGA, "B/s"),
    )


def _peaks(row: Mapping[str, Any], peaks: Mapping[str, float], unit: str) -> Mapping[Precision, Figure | Unknown]:
    return MappingProxyType(
        {p: _figure(row, p.name, peaks[p.name], unit) if p.name in peaks else NOT_PUBLISHED for p in Precision}
    )


def _stated(row: Mapping[str, Any], what: str, field: str, factor: float, unit: str) -> Figure | Unknown:
    return _figure(row, what, row[field] * factor, unit) if field in row else NOT_PUBLISHED


def _figure(row: Mapping[str, Any], what: str, value: float, unit: str) -> Figure:
    source = _document()["sources"][row.get("besides", {}).get(what, row["source"])]
    apart = _document()["confidence"][source["confidence"]]
    told = f"{source['text']}; read {source['date']}, {source['confidence']}"
    return Figure(value=value, unit=unit, low=value / apart, high=value * apart, basis=Basis.estimated, source=told)
