"""The search among students: the fastest that agrees enough wins, the slow are not taught, and what was tried is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from infractl.engines.engine import SessionOptions
from infractl.engines.onnxruntime import open_session
from infractl.optimizer.passes.contract import PassRefusedError
from infractl.optimizer.passes.search import Candidate, Search, best, survivors
from infractl.optimizer.student.shape import Shape, Sort
from tests.optimizer.passes.conftest import MakeWork
from tests.optimizer.passes.teaching import torch

__all__ = ["torch"]


def candidate(speedup: float, agreement: float) -> Candidate:
    return Candidate(shape=Shape(sort=Sort.mlp, widths=(8,)), layers=(), speedup=speedup, agreement=agreement, epochs=1)


def test_the_fastest_of_those_that_agree_enough_is_chosen() -> None:
    right = candidate(20, 0.986)

    assert best([candidate(5, 0.999), right, candidate(80, 0.97)], 0.985) is right


def test_where_none_agrees_enough_the_one_that_agrees_most_is_chosen() -> None:
    right = candidate(5, 0.98)

    assert best([candidate(20, 0.9), right, candidate(80, 0.7)], 0.985) is right


def test_the_better_half_goes_on_and_one_at_the_least() -> None:
    field = [candidate(1, share) for share in (0.5, 0.9, 0.7)]

    assert [each.agreement for each in survivors(field)] == [0.9, 0.7]
    assert len(survivors(field[:1])) == 1


@pytest.mark.usefixtures("torch")
def test_a_student_is_found_and_every_candidate_is_told(convolutions: Path, make_work: MakeWork) -> None:
    made = Search().run(make_work(convolutions, {"trials": 3, "agreement": 0.1}, rows=120))

    given, student = (open_session(path, SessionOptions()).signature for path in (convolutions, made.model))
    assert student == given
    assert made.figures["trials"] == 3
    assert made.figures["speedup"] > 1
    assert len([note for note in made.notes if "times as fast" in note]) == 4
    assert made.notes[-1].startswith("chosen: conv ")


@pytest.mark.usefixtures("torch")
def test_too_few_rows_to_choose_by_are_refused(convolutions: Path, make_work: MakeWork) -> None:
    with pytest.raises(PassRefusedError, match="no-data: students are compared on 100 rows or more, not 64"):
        Search().run(make_work(convolutions))
