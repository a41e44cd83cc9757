"""What the runner makes of a benchmark's output, and the page that it writes: what failed is told, never dropped."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.harness import all as runner
from benchmarks.harness.page import amount, page, summary
from benchmarks.harness.result import Result, read_last_line

HELD = {"value": 1.234, "unit": "ratio", "goal": "<= 1.5", "holds": True}
MISSED = {"value": 7.5, "unit": "s", "goal": "< 5", "holds": False}
ABSENT = {"value": None, "unit": "s", "goal": "< 5", "holds": None, "why": "no GPU | here"}
MACHINE = {"processor": "EPYC 9R14 x2", "memory_bytes": 8 * 2**30, "system": "Linux x86_64"}
VERSIONS = {"infractl": "0.1.0", "Python": "3.11.7"}


def document(**figures: Any) -> dict[str, Any]:
    return {"figures": figures, "machine": MACHINE, "versions": VERSIONS}


def result(told: dict[str, Any] | None, failure: str = "", quick: bool = False) -> Result:
    return Result(name="spec", claim="It is fast.", date="2026-01-31", quick=quick, document=told, failure=failure)


def test_the_last_line_is_read_whatever_stands_before_it() -> None:
    told = document(ratio=HELD)

    assert read_last_line(f"{{}}\nfor people\n{json.dumps(told)}\n\n", 0) == (told, "")


@pytest.mark.parametrize(
    ("output", "code", "why"),
    [
        (json.dumps(document(ratio=HELD)), 3, "it exited with 3"),
        ("", 0, "no JSON"),
        ("all went well\n", 0, "'all went well'"),
        ("[1]", 0, "lacks figures"),
        ('{"figures": {}}', 0, "lacks figures"),
        (json.dumps(document(ratio=1.2)), 0, "lacks figures"),
        (json.dumps(document(ratio={"value": 1.2})), 0, "lacks figures"),
        (json.dumps(document(ratio={**HELD, "value": None})), 0, "lacks figures"),
        (json.dumps(document(ratio={**HELD, "value": "1.2"})), 0, "lacks figures"),
    ],
)
def test_a_failure_and_rubbish_have_a_reason(output: str, code: int, why: str) -> None:
    told, reason = read_last_line(output, code)

    assert told is None
    assert why in reason


def test_the_page_shows_claim_figures_goals_machine_versions_and_day() -> None:
    shown = page([result(document(ratio=HELD, late=MISSED, gpu=ABSENT))])

    assert shown.startswith("# Benchmarks\n")
    assert "## spec\n\nIt is fast.\n" in shown
    assert "| `ratio` | 1.23 | at most 1.5 | yes |" in shown
    assert "| `late` | 7.5 s | below 5 | **no** |" in shown
    assert "| `gpu` | not measured: no GPU \\| here | below 5 |  |" in shown
    assert "A full run of 2026-01-31 on EPYC 9R14 x2, 8 GiB, Linux x86_64; infractl 0.1.0, Python 3.11.7.\n" in shown


def test_a_quick_run_is_said_to_be_one() -> None:
    assert "A quick run of 2026-01-31" in page([result(document(ratio=HELD), quick=True)])


def test_a_benchmark_that_failed_is_on_the_page_beside_one_that_did_not() -> None:
    shown = page([result(None, "it exited with 3"), result(document(ratio=HELD))])

    assert "**Not measured**: it exited with 3 (A full run of 2026-01-31)." in shown
    assert "| `ratio` |" in shown


def test_only_what_ran_and_met_its_goals_is_kept() -> None:
    held, absent = result(document(ratio=HELD, free={**HELD, "goal": "", "holds": None})), result(document(gpu=ABSENT))
    missed, failed = result(document(late=MISSED)), result(None, "it exited with 3")

    assert [r.kept for r in (held, absent, missed, failed)] == [True, True, False, False]
    assert summary([held, absent, missed, failed]) == (
        "spec: late is 7.5 s and was to be < 5\nspec was not measured: it exited with 3\n"
    )


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1.5, "ratio", "1.5"),
        (0.0123, "s", "12.3 ms"),
        (12.34, "s", "12.3 s"),
        (130 * 2**20, "bytes", "130 MiB"),
        (3 * 2**30, "bytes", "3 GiB"),
        (123456.0, "requests/s", "123,456 requests/s"),
    ],
)
def test_an_amount_is_told_in_a_unit_that_suits_it(value: float, unit: str, text: str) -> None:
    assert amount(value, unit) == text


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with three benchmarks: one that works, one that fails, one that prints rubbish."""
    folder = tmp_path / "benchmarks"
    folder.mkdir()
    (tmp_path / "docs").mkdir()
    for module in ("__init__.py", "harness"):
        (folder / module).symlink_to(Path(runner.__file__).parents[1] / module)
    told = json.dumps(document(ratio=HELD))
    (folder / "good.py").write_text(f'"""It is\ngood.\n\nMore."""\nimport sys\nprint(sys.argv[1:])\nprint({told!r})\n')
    (folder / "rubbish.py").write_text('"""It talks."""\nprint("done")\n')
    (folder / "broken.py").write_text('"""It breaks."""\nraise SystemExit(7)\n')
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "PAGE", tmp_path / "docs" / "benchmarks.md")
    monkeypatch.setattr(runner, "benchmarks", lambda: sorted(folder.glob("[!_]*.py")))
    monkeypatch.setattr(sys, "argv", ["all", "--quick"])
    return tmp_path


def test_every_benchmark_is_run_and_told_and_one_that_fails_fails_the_run(bench: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        runner.main()

    assert ended.value.code == 1
    shown = (bench / "docs" / "benchmarks.md").read_text()
    assert "## broken\n\nIt breaks.\n\n**Not measured**: it exited with 7" in shown
    assert "## good\n\nIt is good.\n\n| figure" in shown
    assert "**Not measured**: its last line is no JSON: 'done'" in shown
    out, errors = capfd.readouterr()
    assert "['--quick']" in out
    assert "broken was not measured: it exited with 7\n" in errors
