"""Explanations as people read them: a case is a folder with the document that `explain --format json` printed, and its text."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from infractl.domain.explanation import Explanation
from infractl.report.cost_svg import cost_svg
from infractl.report.explanation_document import explanation_json
from infractl.report.explanation_text import explanation_text
from infractl.state.codec import decode

CASES = sorted(path for path in (Path(__file__).parents[1] / "cases" / "report" / "explanation").iterdir() if path.is_dir())


def explanation(case: Path) -> Explanation:
    return decode(Explanation, json.loads((case / "explanation.json").read_text())["explanation"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_text_is_made_from_the_document_alone(case: Path) -> None:
    text = explanation_text(explanation(case))

    golden = case / "expected.txt"
    if os.environ.get("INFRACTL_GOLDENS"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_document_holds_all_that_was_explained(case: Path) -> None:
    found = explanation(case)

    assert decode(Explanation, explanation_json(found)["explanation"]) == found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_picture_is_xml_with_a_dot_for_each_point(case: Path) -> None:
    found = explanation(case)

    root = ElementTree.fromstring(cost_svg(found))

    dots = root.findall("{http://www.w3.org/2000/svg}circle")
    assert len(dots) == len(found.points)
    assert all(0 < float(dot.get("cx", 0)) < 760 and 0 < float(dot.get("cy", 0)) < 460 for dot in dots)
