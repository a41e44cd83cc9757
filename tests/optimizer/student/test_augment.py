"""Rows made of others: like them, the given ones among them, and always the same."""

from __future__ import annotations

import numpy as np
import pytest

from infractl.optimizer.student.augment import Augment, augmented


def test_nothing_is_made_where_nothing_is_permitted() -> None:
    rows = np.ones((3, 2), np.float32)

    assert augmented(rows, 100, Augment.none, 0) is rows


@pytest.mark.parametrize(("how", "shape"), [(Augment.image, (2, 9, 7)), (Augment.table, (5,))])
def test_the_given_rows_come_first_and_the_same_seed_makes_the_same_others(how: Augment, shape: tuple[int, ...]) -> None:
    rows = np.random.default_rng(0).standard_normal((20, *shape)).astype(np.float32)

    made, again, other = (augmented(rows, 50, how, seed) for seed in (1, 1, 2))

    assert made.shape == (50, *shape)
    assert made.dtype == rows.dtype
    np.testing.assert_array_equal(made[:20], rows)
    np.testing.assert_array_equal(made, again)
    assert not np.array_equal(made, other)


@pytest.mark.parametrize(("how", "shape"), [(Augment.image, (2, 9, 7)), (Augment.table, (5,))])
def test_no_value_leaves_the_range_of_those_that_were_given(how: Augment, shape: tuple[int, ...]) -> None:
    rows = np.random.default_rng(0).integers(10, 200, (20, *shape), np.uint8)

    made = augmented(rows, 500, how, 3)

    assert made.dtype == np.uint8
    assert 10 <= made.min() <= made.max() < 200


def test_an_image_that_is_one_colour_stays_so() -> None:
    made = augmented(np.full((4, 3, 8, 8), 0.5, np.float32), 200, Augment.image, 0)

    np.testing.assert_allclose(made, 0.5, rtol=1e-5)


def test_a_spot_moves_by_a_tenth_of_the_image_and_a_small_turn_at_most() -> None:
    spot = np.zeros((1, 1, 41, 41), np.float32)
    spot[0, 0, 20, 20] = 1

    made = augmented(spot, 300, Augment.image, 0)[1:, 0]

    places = np.array([np.unravel_index(image.argmax(), image.shape) for image in made]) - 20
    # Half are a mean with another place of the same spot; the brighter of the two is looked at.
    assert 2 <= np.abs(places).max() <= 6


def test_cells_of_a_table_come_from_their_own_column() -> None:
    rows = np.stack([np.zeros(50), np.full(50, 100.0), np.arange(50) / 10 + 1000], axis=1).astype(np.float32)

    made = augmented(rows, 1000, Augment.table, 0)

    assert set(np.unique(made[:, 0])) == {0}
    assert np.allclose(made[:, 1], 100)
    assert 1000 <= made[:, 2].min() <= made[:, 2].max() <= 1005
    assert len(np.unique(made[:, 2])) > 100
