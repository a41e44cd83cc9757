"""What others measured of language models on accelerators: `benchmarks/data/llm-calibration.csv`, a row a configuration."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infractl.domain.language_profile import LanguageProfile
from infractl.domain.precision import Precision
from infractl.profile.huggingface import profile_huggingface

DATA = Path(__file__).parents[1] / "data"

_CHIPS = {
    "a100_sxm": "A100-SXM-80GB",
    "b200_sxm": "B200-SXM",
    "h100_pcie": "H100-PCIe",
    "h100_sxm": "H100-SXM",
    "h200_sxm": "H200-SXM",
    "l4": "L4",
    "l40s": "L40S",
}
_PRECISIONS = {"bf16?": Precision.bf16, **{p.name: p for p in Precision}}
_SAME_SHAPE = {"llama-3.3-70b": "llama-3.1-70b"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`clients` sent a request each as soon as the last was answered; the times are means, in seconds."""

    model: str
    chip: str
    chips: int
    precision: Precision
    engine: str
    prompt: int
    output: int
    clients: int
    ttft_s: float
    tpot_s: float

    @property
    def rate_per_s(self) -> float:
        """Requests that were answered in a second, by Little's law."""
        return self.clients / (self.ttft_s + (self.output - 1) * self.tpot_s)

    @property
    def group(self) -> tuple[str, str]:
        """What is left out together where the fit is judged."""
        return self.chip, self.model


def rows(path: Path = DATA / "llm-calibration.csv") -> Sequence[Row]:
    """Those of one server each: where several groups of chips share the requests, nobody says how many each one got.

    Of another file those of known chips alone, and of models that have a folder in `benchmarks/data/models`.
    """
    with path.open(encoding="utf-8", newline="") as file:
        return [_row(line) for line in csv.DictReader(file) if _of_one_server(line) and _is_known(line)]


def published(path: Path = DATA / "llm-published.csv") -> Sequence[Row]:
    """What a vendor tells of its own server. Nothing is fitted to it."""
    with path.open(encoding="utf-8", newline="") as file:
        return [_row({**line, "tpot_ms": line["itl_ms"]}) for line in csv.DictReader(file)]


@cache
def profile_of(model: str) -> LanguageProfile:
    return profile_huggingface(_folder(model))


def _folder(model: str) -> Path:
    name = model.lower().removesuffix("-instruct")
    return DATA / "models" / _SAME_SHAPE.get(name, name)


def _of_one_server(line: Mapping[str, str]) -> bool:
    return line["batch"] == line["concurrency"] and line["attention_dp"] in ("", "1") and line["pp"] == "1"


def _is_known(line: Mapping[str, str]) -> bool:
    return line["chip"] in _CHIPS and line["precision"] in _PRECISIONS and _folder(line["model"]).is_dir()


def _row(line: Mapping[str, str]) -> Row:
    return Row(
        model=line["model"],
        chip=_CHIPS[line["chip"]],
        chips=int(line["tp"]),
        precision=_PRECISIONS[line["precision"]],
        engine=line["engine"],
        prompt=int(line["isl"]),
        output=int(line["osl"]),
        clients=int(line["concurrency"]),
        ttft_s=float(line["ttft_ms"]) / 1000,
        tpot_s=float(line["tpot_ms"]) / 1000,
    )
