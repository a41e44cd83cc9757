"""A figure knows whether its goal holds, and the last line tells all that the page needs."""

from __future__ import annotations

import json

import numpy as np
import pytest

from benchmarks.harness.figure import Figure, last_line


@pytest.mark.parametrize(
    ("value", "goal", "holds"),
    [
        (1.5, "<= 1.5", True),
        (1.51, "<= 1.5", False),
        (5.0, ">= 5", True),
        (4.9, ">= 5", False),
        (1.0, "< 1", False),
        (1.0, "> 1", False),
        (1.0, "", None),
    ],
)
def test_a_goal_holds_or_not(value: float, goal: str, holds: bool | None) -> None:
    assert Figure(name="x", value=value, unit="ratio", goal=goal).holds is holds


def test_numbers_of_numpy_are_told_as_any_others() -> None:
    figure = Figure(name="x", value=np.float64(0.5), unit="share", goal="<= 1")

    assert json.loads(last_line([figure]))["figures"]["x"]["holds"] is True


def test_what_could_not_be_measured_meets_no_goal_and_misses_none() -> None:
    assert Figure(name="x", value=None, unit="ratio", goal="<= 1", why="terraform is not installed").holds is None


@pytest.mark.parametrize(("goal", "why"), [("", ""), ("about 3", "no goal")])
def test_a_figure_that_says_too_little_is_refused(goal: str, why: str) -> None:
    with pytest.raises(ValueError, match="x"):
        Figure(name="x", value=None, unit="s", goal=goal, why=why)


def test_the_last_line_is_one_line_with_figures_machine_and_versions() -> None:
    figures = [
        Figure(name="ratio", value=1.23456, unit="ratio", goal="<= 1.5"),
        Figure(name="absent", value=None, unit="s", why="no GPU here"),
    ]

    line = last_line(figures, ["PyYAML"])

    assert "\n" not in line
    document = json.loads(line)
    assert document["figures"] == {
        "ratio": {"value": 1.235, "unit": "ratio", "goal": "<= 1.5", "holds": True},
        "absent": {"value": None, "unit": "s", "goal": "", "holds": None, "why": "no GPU here"},
    }
    assert {"infractl", "Python", "PyYAML"} == set(document["versions"])
    assert document["machine"]["processor"] and document["machine"]["memory_bytes"] > 2**20
