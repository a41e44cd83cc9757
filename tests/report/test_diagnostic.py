"""How a problem is printed: the format of the house, carets under what they mean, and nothing that moves the cursor."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.errors import Diagnostic, Mark, Severity
from infractl.report.diagnostic import as_json, render

ORDER = Diagnostic(
    slug="latency-order",
    severity=Severity.error,
    summary="a higher percentile is smaller than a lower one",
    detail="p95 is 5ms and p50 is 8ms",
    at=Mark(file="services/fraud.yaml", line=14, column=10, width=3, text="    p95: 5ms"),
    remedy="raise slo.latency.p95 to at least 8ms, or lower p50",
)


def marked(text: str, column: int, width: int = 1, detail: str = "here", line: int = 7) -> list[str]:
    """The lines of a snippet: the source line and the carets."""
    mark = Mark(file="a.yaml", line=line, column=column, width=width, text=text)
    problem = Diagnostic(slug="a-slug", severity=Severity.error, summary="it is wrong", detail=detail, at=mark)
    return render([problem]).splitlines()[3:]


def test_a_problem_in_a_file_is_printed_as_the_house_has_it() -> None:
    assert render([ORDER]) == (
        "error[latency-order]: a higher percentile is smaller than a lower one\n"
        "  --> services/fraud.yaml:14:10\n"
        "   |\n"
        "14 |     p95: 5ms\n"
        "   |          ^^^ p95 is 5ms and p50 is 8ms\n"
        "   = raise slo.latency.p95 to at least 8ms, or lower p50\n"
    )


def test_a_problem_with_an_address_has_no_snippet() -> None:
    problem = Diagnostic(
        slug="step-failed",
        severity=Severity.error,
        summary="a step failed",
        detail="the port is in use\nby pid 12",
        at="fraud.server.main",
        remedy="stop what listens there",
    )

    assert render([problem]) == (
        "error[step-failed]: a step failed\n"
        "  --> fraud.server.main\n"
        "   | the port is in use\n"
        "   | by pid 12\n"
        "   = stop what listens there\n"
    )


def test_a_problem_without_place_detail_or_remedy_is_one_line() -> None:
    assert render([Diagnostic(slug="a-note", severity=Severity.note, summary="it is so")]) == "note[a-note]: it is so\n"


def test_a_mark_without_its_source_line_has_no_snippet() -> None:
    problem = Diagnostic(slug="x", severity=Severity.warning, summary="s", detail="d", at=Mark(file="a", line=1, column=2))

    assert render([problem]) == "warning[x]: s\n  --> a:1:2\n   | d\n"


def test_problems_are_parted_by_an_empty_line_and_none_print_nothing() -> None:
    assert render([ORDER, ORDER]) == f"{render([ORDER])}\n{render([ORDER])}"
    assert render([]) == ""


def test_the_gutter_grows_with_the_line_number() -> None:
    assert marked("a: 1", 4, line=7) == [" 7 | a: 1", "   |    ^ here"]
    assert marked("a: 1", 4, line=12345) == ["12345 | a: 1", "      |    ^ here"]


def test_carets_stand_right_behind_tabs_wide_and_combining_characters() -> None:
    assert marked("a:\t1", 4) == [" 7 | a:    1", "   |       ^ here"]
    assert marked("日本: x", 5) == [" 7 | 日本: x", "   |       ^ here"]
    assert marked("日本: x", 1, 2) == [" 7 | 日本: x", "   | ^^^^ here"]
    assert marked("e\u0301: x", 5) == [" 7 | e\u0301: x", "   |    ^ here"]


def test_a_mark_past_the_end_of_its_line_still_has_a_caret() -> None:
    assert marked("a:", 3) == [" 7 | a:", "   |   ^ here"]


def test_a_long_line_is_cut_around_the_mark() -> None:
    text = "a" * 300 + "BAD" + "c" * 300

    source, carets = marked(text, 301, 3)

    assert source == f" 7 | …{'a' * 39}BAD{'c' * 56}…"
    assert carets == f"   | {' ' * 40}^^^ here"


def test_a_mark_that_is_long_itself_is_cut_at_its_end() -> None:
    source, carets = marked("key: " + "x" * 10_000_000, 6, 10_000_000)

    assert source == f" 7 | key: {'x' * 94}…"
    assert carets == f"   |      {'^' * 95} here"


def test_a_detail_of_several_lines_stands_in_one_column() -> None:
    assert marked("a: 1", 4, detail="first\nsecond") == [" 7 | a: 1", "   |    ^ first", "   |      second"]


def test_color_adds_escapes_and_changes_nothing_else() -> None:
    for severity, code in {Severity.error: "31", Severity.warning: "33", Severity.note: "36"}.items():
        problem = Diagnostic(slug="x", severity=severity, summary="s", detail="d", at=ORDER.at, remedy="r")
        colored = render([problem], color=True)
        assert colored.startswith(f"\x1b[1;{code}m{severity}[x]\x1b[0m")
        assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render([problem])


@given(
    text=st.text(st.characters(exclude_characters="\n")), column=st.integers(1, 300), width=st.integers(1, 300), detail=st.text()
)
def test_nothing_that_a_user_wrote_moves_the_cursor(text: str, column: int, width: int, detail: str) -> None:
    mark = Mark(file=detail, line=1, column=column, width=width, text=text)
    printed = render([Diagnostic(slug="x", severity=Severity.error, summary=detail, detail=detail, at=mark, remedy=detail)])

    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]", printed)
    printed.encode()


def test_json_has_what_the_text_shows() -> None:
    assert json.loads(json.dumps(as_json([ORDER]))) == [
        {
            "slug": "latency-order",
            "severity": "error",
            "summary": "a higher percentile is smaller than a lower one",
            "detail": "p95 is 5ms and p50 is 8ms",
            "at": {"file": "services/fraud.yaml", "line": 14, "column": 10, "width": 3, "text": "    p95: 5ms"},
            "remedy": "raise slo.latency.p95 to at least 8ms, or lower p50",
        }
    ]


@pytest.mark.parametrize("at", ["fraud.server.main", None])
def test_json_keeps_an_address_as_text(at: str | None) -> None:
    assert as_json([Diagnostic(slug="x", severity=Severity.note, summary="s", at=at)])[0]["at"] == at


def test_printing_a_problem_loads_no_library() -> None:
    code = "import sys, infractl.report.diagnostic; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()

    assert {"rich", "pydantic", "yaml", "numpy"}.isdisjoint(loaded)
