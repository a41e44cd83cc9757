"""A calibration as people and programs read it: a real one with a part of its kernels against goldens, and sums by hand."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from infractl.domain.calibration import Calibration, FactChange, KeptCalibration
from infractl.domain.figure import Basis, Figure
from infractl.domain.work import Family, TimedWork, Work
from infractl.report.calibration_group import Length, Size, gains, throughputs
from infractl.report.calibration_json import calibration_json
from infractl.report.calibration_text import calibration_text
from infractl.report.style import Style
from infractl.state.codec import decode
from infractl.tensors import Dtype

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases" / "calibration"
KNOWN = decode(Calibration, json.loads((CASES / "calibration.json").read_text()))

QUIET = KeptCalibration(calibration=KNOWN, path="calibrations/intel-xeon-x2.json")
NOTED = replace(KNOWN.requests_per_s, source=f"{KNOWN.requests_per_s.source}; other work kept the machine busy")
BUSY = replace(
    QUIET, calibration=replace(KNOWN, busy=True, requests_per_s=NOTED), until=KNOWN.at + timedelta(minutes=10), expired=False
)
CHANGED = replace(
    QUIET,
    changes=(
        FactChange(name="memory", then="15.6GiB", now="23.5GiB"),
        FactChange(name="uvloop", then=None, now="0.23.0"),
        FactChange(name="infractl", then="0.0.9", now=None),
    ),
    outdated=True,
)
EXPIRED = replace(BUSY, expired=True)
ONE_CORE = replace(QUIET, calibration=replace(KNOWN, kernels=tuple(k for k in KNOWN.kernels if k.threads == 1)))
KEPT = {"quiet": QUIET, "busy": BUSY, "changed": CHANGED, "expired": EXPIRED, "one-core": ONE_CORE}


def golden(path: Path, text: str) -> str:
    if os.environ.get("INFRACTL_GOLDENS"):
        path.write_text(text, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def timed(
    seconds: float, *, family: Family = Family.product, flops: float = 0.0, moved: float = 0.0, threads: int = 1, wide: int = 1
) -> TimedWork:
    work = Work(family=family, operator="X", dtype=Dtype.float32, flops=flops, weight_bytes=float(wide), activation_bytes=moved)
    figure = Figure(value=seconds, unit="s", low=seconds, high=seconds, basis=Basis.measured, source="a test")
    return TimedWork(work=work, threads=threads, seconds=figure)


@pytest.mark.parametrize("name", KEPT)
def test_a_calibration_reads_as_its_golden_says(name: str) -> None:
    text = calibration_text(KEPT[name], Style())

    assert text == golden(CASES / f"{name}.txt", text)


def test_colours_are_only_added() -> None:
    for kept in KEPT.values():
        plain, coloured = (calibration_text(kept, Style(color=color)) for color in (False, True))

        assert "\x1b[" in coloured
        assert re.sub("\x1b\\[[0-9]*m", "", coloured) == plain


def test_what_a_system_says_of_itself_cannot_steer_the_terminal() -> None:
    evil = replace(KNOWN, chip="a\x07b", machine={"system": "\x1b[2J", "features": "\x1b[1m", "kernel": "\x1b[3m"})
    changes = (FactChange(name="system", then="\x1b[2J", now="x"),)

    assert "\x1b" not in calibration_text(KeptCalibration(calibration=evil, path="\x1b[A", changes=changes), Style())


def test_a_calibration_without_kernels_is_shown() -> None:
    text = calibration_text(replace(QUIET, calibration=replace(KNOWN, kernels=())), Style())

    assert "Operators" not in text and "threads" not in text
    assert "The server" in text


def test_throughput_is_the_median_of_work_over_time_between_the_quartiles() -> None:
    """Of 2, 3, 4, 5 and 9 GFLOP/s."""
    kernels = [timed(1e-3, flops=rate * 1e6) for rate in (9, 2, 5, 3, 4)]

    (found,) = throughputs(kernels)

    assert (found.family, found.dtype, found.size, found.kernels) == (Family.product, Dtype.float32, Size.medium, 5)
    assert (found.figure.value, found.figure.low, found.figure.high) == pytest.approx((4e9, 3e9, 5e9))
    assert (found.figure.unit, found.figure.basis) == ("FLOP/s", Basis.measured)


def test_what_computes_is_sorted_by_operations_and_what_moves_by_bytes() -> None:
    kernels = [
        timed(1.0, flops=999_999),
        timed(1.0, flops=1e6),
        timed(1.0, flops=29_999_999),
        timed(1.0, flops=3e7),
        timed(1.0, family=Family.tree, flops=999),
        timed(1.0, family=Family.tree, flops=30_000),
        timed(1.0, family=Family.movement, flops=1e9, moved=65_535),
        timed(1.0, family=Family.movement, moved=1 << 16),
        timed(1.0, family=Family.movement, moved=1 << 20),
    ]

    found = [(t.family.value, t.size.value, t.kernels, t.figure.unit) for t in throughputs(kernels)]

    assert found == [
        ("product", "small", 1, "FLOP/s"),
        ("product", "medium", 2, "FLOP/s"),
        ("product", "large", 1, "FLOP/s"),
        ("tree", "small", 1, "FLOP/s"),
        ("tree", "large", 1, "FLOP/s"),
        ("movement", "small", 1, "B/s"),
        ("movement", "medium", 1, "B/s"),
        ("movement", "large", 1, "B/s"),
    ]


def test_a_gain_is_one_threads_time_over_that_of_more_of_the_same_work() -> None:
    kernels = [
        timed(50e-6, wide=1),
        timed(100e-6, wide=1, threads=2),
        timed(100e-6, wide=2),
        timed(80e-6, wide=2, threads=2),
        timed(40e-6, wide=2, threads=4),
        timed(300e-6, wide=3),
        timed(100e-6, wide=3, threads=2),  # three times as fast on two threads: noise
        timed(100e-6, wide=4, threads=2),  # never timed on one
    ]

    found = [(g.threads, g.length, pytest.approx(g.figure.value), g.kernels) for g in gains(kernels)]

    assert found == [(2, Length.short, 0.5, 1), (2, Length.long, (1.25 + 2) / 2, 2), (4, Length.long, 2.5, 1)]


def test_several_numbers_of_threads_have_columns_of_their_own() -> None:
    more = tuple(replace(k, threads=8, seconds=k.seconds.scaled(0.5)) for k in KNOWN.kernels if k.threads == 2)

    text = calibration_text(replace(QUIET, calibration=replace(KNOWN, kernels=(*KNOWN.kernels, *more))), Style())

    assert re.search(r"^  operator +type +short on 2 +long on 2 +short on 8 +long on 8$", text, re.MULTILINE)


def test_the_document_has_all_that_the_text_shows_and_every_kernel() -> None:
    document = json.loads(json.dumps(calibration_json(CHANGED)))

    assert decode(Calibration, document["calibration"]) == KNOWN
    assert document["valid"] is False and document["outdated"] is True and document["expired"] is False
    assert document["changes"][1] == {"name": "uvloop", "then": None, "now": "0.23.0"}
    assert len(document["throughputs"]) == len(throughputs(KNOWN.kernels)) > 20
    assert {(t["family"], t["dtype"]) for t in document["throughputs"]} == {
        (k.work.family.value, k.work.dtype.value) for k in KNOWN.kernels
    }
    assert {g["threads"] for g in document["gains"]} == {2}


@pytest.mark.parametrize(
    ("name", "valid", "until"), [("quiet", True, None), ("busy", True, "23:38"), ("expired", False, "23:38")]
)
def test_the_document_says_whether_plans_use_it(name: str, valid: bool, until: str | None) -> None:
    document = calibration_json(KEPT[name])

    assert document["valid"] is valid
    assert (until is None) == (document["until"] is None)
    assert until is None or f"T{until}:" in document["until"]


def first_cells(text: str) -> list[str]:
    return [re.split(" {2,}", line.strip())[0] for line in text.splitlines()[1:]]


def test_the_guide_shows_a_machine_as_it_is_shown() -> None:
    """Of its own figures, which are those of all kernels."""
    guide = (ROOT / "docs" / "guides" / "calibration.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```text\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)

    assert first_cells(shown) == first_cells((CASES / "quiet.txt").read_text())


def test_the_guide_names_each_part_of_the_document() -> None:
    guide = (ROOT / "docs" / "guides" / "calibration.md").read_text(encoding="utf-8")

    assert [key for key in calibration_json(QUIET) if f"`{key}`" not in guide] == []
