"""The fit of a language model's constants: that it finds what it should, and that what is shipped is what it finds."""

from __future__ import annotations

from dataclasses import replace
from statistics import median

import numpy as np
import pytest

from benchmarks.placement.language_fit import PRIORS, Fit, constants, fit, left_out, shipped
from benchmarks.placement.language_row import rows
from benchmarks.placement.language_terms import terms, turn
from infractl.placement.language.fitted import FITTED

MEASURED = rows()
TERMS = terms(MEASURED)
TRUE = (0.8, 0.6, 0.85, 0.6, 40e-6, 10e-6, 1.2)


def test_it_comes_nearer_to_what_times_were_made_with_than_what_was_known_before() -> None:
    made = replace(TERMS, measured_s=Fit(np.log(TRUE)).predict(TERMS))
    found = fit(MEASURED, made)

    for (name, (known, _)), true in zip(PRIORS.items(), TRUE, strict=True):
        assert abs(np.log(found.constant(name) / true)) < abs(np.log(known / true)), name
    assert np.median(np.abs(found.predict(made) / made.measured_s - 1)) < 0.02


def test_a_few_wild_rows_do_not_move_it() -> None:
    made = replace(TERMS, measured_s=Fit(np.log(TRUE)).predict(TERMS))
    made.measured_s[::20] *= 10

    assert fit(MEASURED, made).constant("layer_s") == pytest.approx(40e-6, rel=0.15)


def test_the_arrays_are_what_placement_computes() -> None:
    found = fit(MEASURED, TERMS)
    predicted = found.predict(TERMS)

    for index in range(0, len(MEASURED), 37):
        made, _, batch = turn(MEASURED[index], shipped(found))
        assert predicted[index] == pytest.approx(made.tpot_s(batch), rel=1e-6)


def test_what_is_shipped_is_what_the_fit_finds() -> None:
    found = constants(MEASURED, TERMS)

    for name in ("memory", "compute", "narrowing", "link", "layer_s", "all_reduce_s"):
        assert getattr(FITTED, name) == pytest.approx(getattr(found, name), rel=0.01)
    assert FITTED.error == pytest.approx(found.error, rel=0.01)
    assert FITTED.request_s == pytest.approx(found.request_s, rel=0.01)
    assert (FITTED.chips, FITTED.source) == (found.chips, found.source)


def test_every_share_is_one_that_a_chip_can_have() -> None:
    assert all(0.3 < share < 1 for share in (FITTED.memory, FITTED.compute, FITTED.narrowing, FITTED.link))
    assert FITTED.error[0] < 1 < FITTED.error[1]


def test_a_chip_that_was_left_out_is_predicted_within_fifteen_percent() -> None:
    for fold in left_out(MEASURED, TERMS, "chip"):
        assert median(np.abs(fold.predicted_s / fold.measured_s - 1)) < 0.15, fold.name


def test_rows_of_several_servers_are_left_out() -> None:
    assert len(MEASURED) == 732 and {row.chips for row in MEASURED} == {1, 2, 4, 8}
