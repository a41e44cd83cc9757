"""What may be learned from and what proves are never the same rows, however the data was ordered, copied and divided."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infractl.optimizer.data.split import row_digests, split
from infractl.optimizer.rows import Rows, Split

# Few different values, so that rows repeat.
values = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(["a", "b"])), min_size=1, max_size=80)


def rows(pairs: list[tuple[int, str]]) -> Rows:
    """The label tells which row it was given with."""
    numbers = np.array([[number] for number, _ in pairs], np.float32).reshape(-1, 1)
    texts = np.array([text for _, text in pairs], object)
    labels = np.array([number * 2 + (text == "b") for number, text in pairs])
    return Rows(inputs={"number": numbers, "text": texts}, labels=labels)


def content(some: Rows) -> list[tuple[float, str]]:
    return [(float(n), str(t)) for n, t in zip(some.inputs["number"][:, 0], some.inputs["text"], strict=True)]


def sides(made: Split) -> tuple[list[tuple[float, str]], ...]:
    return content(made.calibration), content(made.search), content(made.gate)


@given(values)
def test_no_row_is_on_two_sides_and_none_is_lost(pairs: list[tuple[int, str]]) -> None:
    calibration, search, gate = sides(split(rows(pairs)))

    assert not set(calibration) & set(search) and not set(calibration) & set(gate) and not set(search) & set(gate)
    assert sorted([*calibration, *search, *gate]) == sorted((float(n), t) for n, t in pairs)


@given(values, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(pairs: list[tuple[int, str]], random: object) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert sides(split(rows(shuffled))) == sides(split(rows(pairs)))


@given(values, values)
def test_what_is_in_the_calibration_data_is_never_in_the_gates(
    pairs: list[tuple[int, str]], others: list[tuple[int, str]]
) -> None:
    made = split(rows(pairs), rows(others))
    calibration, search, gate = sides(made)

    assert calibration == [(float(n), t) for n, t in others]
    assert not set(gate) & (set(calibration) | set(search))
    assert sorted([*search, *gate]) == sorted((float(n), t) for n, t in pairs)


@given(values)
def test_labels_stay_with_their_rows_and_calibration_has_none(pairs: list[tuple[int, str]]) -> None:
    made = split(rows(pairs))

    assert made.calibration.labels is None
    for side in (made.search, made.gate):
        assert side.labels is not None
        assert [2 * n + (t == "b") for n, t in content(side)] == side.labels.tolist()


def test_a_fifth_calibrates_a_fifth_is_searched_on_and_the_rest_proves() -> None:
    some = Rows(inputs={"x": np.arange(1000, dtype=np.float32)[:, None]})

    made = split(some)
    apart = split(some, Rows(inputs={"x": -np.arange(1, 50, dtype=np.float32)[:, None]}))

    assert [len(side) for side in (made.calibration, made.search, made.gate)] == [200, 200, 600]
    assert [len(side) for side in (apart.calibration, apart.search, apart.gate)] == [49, 200, 800]


def test_of_many_rows_most_prove() -> None:
    made = split(Rows(inputs={"x": np.arange(20_000, dtype=np.float32)[:, None]}))

    assert [len(side) for side in (made.calibration, made.search, made.gate)] == [2048, 1000, 16_952]


@pytest.mark.parametrize(("rows", "held_out"), [(280, 168), (300, 268), (400, 268), (500, 300)])
def test_where_a_fifth_would_leave_too_few_rows_to_prove_anything_less_is_taken(rows: int, held_out: int) -> None:
    """Of 280 rows 268 could only be left by taking less than a twentieth each: they prove nothing either way."""
    made = split(Rows(inputs={"x": np.arange(rows, dtype=np.float32)[:, None]}), least=268)

    assert len(made.gate) == held_out
    assert len(made.calibration) == len(made.search) == (rows - held_out) // 2


def test_equal_numbers_are_equal_rows() -> None:
    zero, minus_zero, one = row_digests({"x": np.array([[0.0], [-0.0], [1.0]], np.float32)})

    assert zero == minus_zero != one


def test_the_same_bytes_under_another_name_are_another_row() -> None:
    assert row_digests({"x": np.ones((1, 2))}) != row_digests({"y": np.ones((1, 2))})
