"""A model that was measured on one chip is predicted anew on others of its sort, and by nobody's figures on none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import Measurement, Measurements
from infractl.domain.offer import Offer, Purchase
from infractl.hardware import catalogue
from infractl.placement.place import place

GIB = 2**30


def offer(name: str, chip: str) -> Offer:
    return Offer(
        name=name,
        target="cloud",
        chip=catalogue.chip(chip),
        count=1,
        region="here",
        purchase=Purchase.on_demand,
        tariff=(),
        host_memory_bytes=16 * GIB,
        host_cores=4,
    )


@pytest.fixture(scope="module")
def predicted(planner):
    """The p50 of the large model on each of three offers, when one request at a time took so many seconds on the L4."""
    offers = (
        offer("measured", "L4"),
        offer("alike", "A10G"),
        replace(offer("other sort", "L4"), chip=catalogue.processor("x86-avx512-vnni", vcpus=8, ghz=3.0, memory_bytes=16 * GIB)),
    )
    profile = planner.profiles["large"]

    def of(alone_s: float | None) -> dict[str, Figure]:
        measurements = ()
        if alone_s is not None:
            figure = Figure(value=alone_s, unit="s", low=alone_s, high=alone_s, basis=Basis.measured, source="a bench")
            measurements = (
                Measurement(
                    artifact=profile.digest,
                    chip="L4",
                    machine={},
                    config={"max_batch": 1.0, "max_delay_s": 0.0, "instances": 1.0, "threads": 1.0},
                    at=datetime(2026, 11, 30, tzinfo=UTC),
                    figures={
                        "alone_p50": figure,
                        "saturation": Figure(
                            value=1 / alone_s,
                            unit="1/s",
                            low=1 / alone_s,
                            high=1 / alone_s,
                            basis=Basis.measured,
                            source="a bench",
                        ),
                    },
                    extents={"batch": 1},
                ),
            )
        known = Measurements(calibrations={}, measurements=measurements)
        decision = place(planner.service(serving={"batching": "off"}), profile, offers, known)
        return {e.offer.name: e.placement.prediction.latency_s[50] for e in decision.ranked}

    return of


def test_a_model_that_is_slower_than_computed_on_one_chip_is_so_on_another_of_its_sort(predicted) -> None:
    computed, slow = predicted(None), predicted(0.05)

    assert slow["measured"].value == pytest.approx(0.05, rel=0.1)
    assert slow["alike"].value > 5 * computed["alike"].value
    assert slow["alike"].basis is Basis.calibrated
    assert "measured on 2026-11-30 on L4" in slow["alike"].source


def test_what_is_carried_over_is_less_sure(predicted) -> None:
    computed, slow = predicted(None)["alike"], predicted(0.05)["alike"]

    assert slow.high / slow.value > computed.high / computed.value


def test_it_says_nothing_of_another_sort_of_chip(predicted) -> None:
    assert predicted(0.05)["other sort"] == predicted(None)["other sort"]
