"""Catalogues of offers: what a sound one says, and a folder for each broken one. INFRACTL_GOLDENS=1 rewrites what is told."""

from __future__ import annotations

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from infractl.domain.hardware_class import HardwareClass
from infractl.domain.offer import Mode, Offer, Purchase, Rate
from infractl.domain.precision import Precision
from infractl.domain.unknown import Unknown
from infractl.errors import ProviderError
from infractl.hardware import catalogue
from infractl.provider.contract import Target
from infractl.provider.offer_file import offers_in, read_offers
from infractl.provider.offer_row import COLUMNS
from infractl.report.diagnostic import render

CASES = Path(__file__).parents[1] / "cases" / "provider" / "offers"

G5 = "ml.g5.xlarge,us-east-1,realtime async,on-demand,A10G,1,,4,3.3,16,instance,hour,1.41,USD,a list,2026-09-27,backed"


class Nothing(BaseModel):
    """Settings of a provider that has none."""


def read(*lines: str) -> tuple[Offer, ...]:
    return read_offers("\n".join((",".join(COLUMNS), *lines)) + "\n", "offers.csv", catalogue)


def at(region: str, offers: tuple[Offer, ...]) -> tuple[Offer, ...]:
    return offers_in(offers, Target(name="here", provider="nimbus", settings=Nothing()), region)


@pytest.mark.parametrize("case", sorted(p.name for p in CASES.iterdir()))
def test_a_catalogue_that_cannot_be_is_refused_with_all_that_is_wrong(case: str) -> None:
    with pytest.raises(ProviderError) as raised:
        read_offers((CASES / case / "offers.csv").read_text(), "offers.csv", catalogue)

    text = render(raised.value.diagnostics)
    expected = CASES / case / "expected.txt"
    if os.environ.get("INFRACTL_GOLDENS"):
        expected.write_text(text)
    assert text == expected.read_text()


def test_a_line_is_an_offer_with_its_rate_and_where_that_is_from() -> None:
    (offer,) = read(G5)

    assert (offer.name, offer.region, offer.purchase) == ("ml.g5.xlarge", "us-east-1", Purchase.on_demand)
    assert (offer.chip, offer.count, offer.host_cores, offer.host_memory_bytes) == (catalogue.chip("A10G"), 1, 4, 16 * 2**30)
    assert offer.modes == (Mode.realtime, Mode.asynchronous)
    assert offer.tariff == (
        Rate(
            metric="instance",
            unit="hour",
            price=Decimal("1.41"),
            currency="USD",
            source="a list (backed)",
            date=date(2026, 9, 27),
        ),
    )


def test_several_lines_of_one_offer_are_its_tariff() -> None:
    machine = "serverless,us-east-1,serverless,on-demand,,1,x86-avx2,2.26,2.5,4"
    by_memory = f"{machine},memory,GB-s,0.00002,USD,a list,2026-09-27,backed"
    by_data = f"{machine},data,GB,0.016,USD,a list,2026-09-27,backed"

    (offer,) = read(by_memory, by_data)

    assert [(rate.metric, rate.unit) for rate in offer.tariff] == [("memory", "GB-s"), ("data", "GB")]
    assert offer.by_the_call
    assert offer.chip.hardware_class is HardwareClass.serverless
    assert offer.chip.memory_bytes == 4 * 2**30


def test_a_price_that_is_left_empty_is_unknown_for_the_reason_that_its_source_gives() -> None:
    (offer,) = read(G5.replace("1.41", "").replace("a list", "lists conflict"))

    assert offer.tariff[0].price == Unknown("lists conflict")


def test_of_a_processor_that_nobody_names_nothing_is_known_but_its_size() -> None:
    (offer,) = read("e2,us-central1,realtime,on-demand,,1,,4,,16,instance,hour,0.15,USD,a list,2026-09-27,backed")

    assert (offer.chip.hardware_class, offer.chip.cores, offer.chip.memory_bytes) == (HardwareClass.cpu, 4, 16 * 2**30)
    assert set(offer.chip.peak_flops_per_s.values()) == {Unknown("its processor is not stated")}


def test_a_processor_without_a_clock_has_no_speed() -> None:
    (offer,) = read("c3,us-central1,realtime,on-demand,,1,x86-amx,4,,16,instance,hour,0.23,USD,a list,2026-09-27,backed")

    assert offer.chip.family == "x86-amx"
    assert offer.chip.peak_flops_per_s[Precision.int8] == Unknown("the clock of its x86-amx is not stated")


def test_a_region_that_the_catalogue_does_not_have_has_the_same_machines_at_unknown_prices() -> None:
    (offer,) = at("eu-west-1", read(G5))

    assert (offer.name, offer.target, offer.region) == ("ml.g5.xlarge", "here", "eu-west-1")
    assert offer.tariff[0].price == Unknown("no price is known in eu-west-1")


def test_a_region_that_it_has_keeps_its_own_price() -> None:
    offers = read(G5, G5.replace("us-east-1", "eu-west-1").replace("1.41", "1.57"))

    assert [offer.tariff[0].price for offer in at("eu-west-1", offers)] == [Decimal("1.57")]
