"""What chips realise of their data sheets: fits `infractl/hardware/efficiency.yaml` to published results, and writes it.

`python -m benchmarks.placement.fit_efficiency` after a change to `benchmarks/data` or this folder; a test holds the file to it.
What is fitted, and to what, is in `fit.py` and `mlperf.py`; what is set here, says where it is from.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from benchmarks.placement.fit import Fit, fit
from benchmarks.placement.mlperf import results
from infractl.domain.work import Family
from infractl.hardware.efficiency import DesignEffect, Priors, priors_from

FILE = Path(__file__).parents[2] / "infractl" / "hardware" / "efficiency.yaml"
HEAD = """\
# Which share of its data sheet's peaks a chip realises. Written by `python -m benchmarks.placement.fit_efficiency`.
# `compute` are shares of the peak where a chip has `reference_watts_per_tera` watts for a trillion operations a second of a byte
# each; depthwise, recurrent, transcendental and tree are in times of the products'. `designs` and `vendors` are differences in
# natural logarithms: see `infractl/hardware/efficiency.py`. Times are in microseconds or, where named `_s`, in seconds.
"""
SET: Mapping[str, Any] = {
    "source": "what chips realised in MLPerf Inference v2.1 and v3.0",
    "accelerators": {
        "reference_watts_per_tera": 0.5,
        # A chip whose power nobody publishes is taken for one of 200 W. An assumption.
        "reference_tera": 400.0,
        # Large products alone reach 0.85 (aiconfigurator's tables, bf16), whole models less.
        "most": 0.8,
        # Not measured: assumed. One channel a group leaves most of a matrix unit idle; trees use none of it.
        "compute": {"depthwise": 0.1, "recurrent": 1.0, "tree": 0.001},
    },
    "processors": {
        # In times of products, and bytes for each operation of the fp32 peak: the upper quartiles of the kernels that
        # `infractl calibrate` timed on one core of an Intel Xeon (model 207, 2.1 GHz), 2026-12-01.
        "compute": {"depthwise": 0.58, "recurrent": 0.8, "transcendental": 0.05, "tree": 0.0014},
        "launch_us": 1.0,
        "call_us": 10.0,
        "near_bytes_per_flop": 0.12,
    },
    # A precision that no row has realises what another does, give or take so much; and an engine that is less tuned than the
    # submitters' may take so much longer, as a standard deviation of the slow side. Assumptions.
    "unseen_spread": {"precision": 0.2, "engine": 0.3},
    "server": {
        # Of the same calibration, which was made while other work took part of the machine; so the error is wide.
        "request_s": [0.0002, 0.00028, 0.002],
        # Of a tensor sent as bytes: what reading 600 kB more took the HTTP server of infractl. As JSON it is 7.3e-8.
        "value_s": 8.5e-09,
        "requests_per_s": 5340.0,
        "joined_per_s": 8540.0,
        "joined": 8,
        "error": [0.5, 2.0],
    },
}
_TO_BE_FITTED = {"power": 0.0, "precisions": {}, "memory": 0.0, "activations": 0.0, "launch_us": 0.0, "call_us": 0.0}
_TILED = {"convolution": 1.0, "product": 1.0}
_DIGITS = 4


def before() -> Priors:
    """With all that is set, and nothing that is fitted."""
    accelerators = {**SET["accelerators"], **_TO_BE_FITTED, "compute": {**SET["accelerators"]["compute"], **_TILED}}
    processors = {**SET["processors"], "compute": {**SET["processors"]["compute"], **_TILED}}
    unseen = {"vendor": 0.0, **SET["unseen_spread"]}
    effects: Mapping[str, Any] = {"designs": {}, "vendors": {}, "unseen_spread": unseen}
    return priors_from({**SET, "accelerators": accelerators, "processors": processors, **effects})


def fitted() -> Fit:
    """To all rows."""
    found = results()
    return fit(found.cells, found.chips, before())


def document(found: Priors) -> Mapping[str, Any]:
    """As the file has it."""
    tiled = {family: _short(found.compute[Family(family)]) for family in _TILED}
    accelerators = {
        **SET["accelerators"],
        "power": _short(found.power),
        "compute": {**tiled, **SET["accelerators"]["compute"]},
        "precisions": {precision.value: _short(factor) for precision, factor in found.precisions.items()},
        **{name: _short(getattr(found, name)) for name in ("memory", "activations", "launch_us", "call_us")},
    }
    return {
        **SET,
        "accelerators": accelerators,
        "processors": {**SET["processors"], "compute": {**tiled, **SET["processors"]["compute"]}},
        "designs": {name: _effect(effect) for name, effect in found.designs.items()},
        "vendors": {name: _effect(effect) for name, effect in sorted(found.vendors.items())},
        "unseen_spread": {name: _short(spread) for name, spread in sorted(found.unseen_spread.items())},
    }


def _effect(effect: DesignEffect) -> Mapping[str, float]:
    told = {name: getattr(effect, name) for name in ("compute", "apart", "launch", "spread")}
    return {name: _short(value) for name, value in told.items() if value}


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def text(found: Priors) -> str:
    return HEAD + yaml.safe_dump(document(found), sort_keys=False, default_flow_style=None, width=130)


if __name__ == "__main__":
    FILE.write_text(text(fitted().priors))
