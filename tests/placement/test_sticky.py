"""A recorded placement stays while it is feasible and not much dearer than the best."""

from __future__ import annotations

from dataclasses import replace

from infractl.domain.measurement import Measurements
from infractl.placement.sticky import sticky

RATES = ("flops_per_s", "bandwidth_bytes_per_s", "cached_bandwidth_bytes_per_s", "requests_per_s", "joined_per_s")


def test_without_a_record_the_best_is_taken(planner) -> None:
    decision = planner("small", traffic={"peak": "10/s"})

    assert sticky(decision, None, 0.1) is decision.ranked[0]


def test_the_same_document_a_day_later_changes_nothing(planner) -> None:
    recorded = planner("middling", traffic={"peak": "3000/s"}).ranked[0].placement

    again = planner("middling", traffic={"peak": "3000/s"}, recorded=recorded)

    assert sticky(again, recorded, 0.1).placement == recorded


def test_a_shape_that_a_faster_calibration_would_not_need_is_kept_and_predicted_anew(planner, calibration) -> None:
    faster = replace(calibration, **{name: getattr(calibration, name).scaled(100) for name in RATES})
    known = Measurements(calibrations={calibration.chip: faster})
    recorded = planner("middling", traffic={"peak": "3000/s"}).ranked[0].placement
    assert recorded.batch > 1

    later = planner("middling", traffic={"peak": "3000/s"}, known=known, recorded=recorded)

    kept = sticky(later, recorded, 0.1).placement
    assert (kept.instances, kept.batch) == (recorded.instances, recorded.batch)
    assert kept.prediction.utilization < recorded.prediction.utilization
    assert later.ranked[0].placement.batch == 1


def test_a_record_that_counts_no_longer_is_not_given_and_the_best_is_taken(planner, priced) -> None:
    dear, cheap = priced("dear", "0.105"), priced("cheap", "0.100")

    decision = planner("small", dear, cheap, traffic={"peak": "10/s"})

    assert sticky(decision, None, 0.1).offer.name == "cheap"


def test_a_shape_that_no_longer_carries_the_traffic_is_given_up(planner) -> None:
    recorded = planner("middling", traffic={"peak": "100/s"}).ranked[0].placement

    busier = planner("middling", traffic={"peak": "3000/s"}, recorded=recorded)

    assert sticky(busier, recorded, 0.1) is busier.ranked[0]
    assert busier.ranked[0].placement.batch > recorded.batch


def test_a_shape_that_the_document_no_longer_allows_is_given_up(planner) -> None:
    recorded = planner("middling", traffic={"peak": "3000/s"}).ranked[0].placement

    unbatched = planner("middling", traffic={"peak": "30/s"}, serving={"batching": "off"}, recorded=recorded)

    assert sticky(unbatched, recorded, 0.1).placement.batch == 1


def test_a_cheaper_offer_within_the_tolerance_does_not_move_the_service(planner, priced) -> None:
    dear, cheap = priced("dear", "0.105"), priced("cheap", "0.100")
    recorded = planner("small", dear, traffic={"peak": "10/s"}).ranked[0].placement

    both = planner("small", dear, cheap, traffic={"peak": "10/s"}, recorded=recorded)

    assert sticky(both, recorded, 0.1).offer.name == "dear"
    assert sticky(both, recorded, 0.01).offer.name == "cheap"


def test_an_offer_that_is_gone_is_given_up(planner, offer, priced) -> None:
    recorded = planner("small", priced("gone", "0.1")).ranked[0].placement

    assert sticky(planner("small", recorded=recorded), recorded, 0.1).offer == offer


def test_an_offer_with_fewer_cores_gives_up_a_shape_that_needed_more(planner, offer) -> None:
    recorded = planner("large", traffic={"peak": "100/s"}).ranked[0].placement
    wide = replace(recorded, instances=4)

    narrow = replace(offer, chip=replace(offer.chip, cores=2))

    assert sticky(planner("large", narrow, traffic={"peak": "100/s"}, recorded=wide), wide, 0.1).placement.instances <= 2
