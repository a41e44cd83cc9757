"""Measurements of other chips and models are put beside what is shipped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.placement.language_check import checked
from benchmarks.placement.language_row import published, rows

ROOT = Path(__file__).parents[2]
MEASURED = ROOT / "benchmarks" / "data" / "llm-calibration.csv"


def test_a_file_of_measurements_is_judged_group_by_group(tmp_path: Path) -> None:
    lines = MEASURED.read_text().splitlines()
    other = tmp_path / "measured.csv"
    unknown = lines[1].replace("h100_sxm", "z9").replace("Llama-3.1-8B-Instruct", "Other-1B")
    other.write_text("\n".join([*lines[:4], unknown]))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.placement.language_check", str(other)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "H100-SXM Llama-3.1-8B-Instruct bf16 trtllm" in done.stdout and "   3 rows" in done.stdout
    assert done.stdout.endswith("1 rows left out\n")


def test_what_a_vendor_published_lies_within_the_interval() -> None:
    found = list(checked(published()))

    assert len(found) == 8 and all(each.held for each in found)


def test_nearly_all_rows_that_were_fitted_do_as_well() -> None:
    found = list(checked(rows()))

    assert len(found) == 732 and sum(each.held for each in found) / len(found) > 0.8
