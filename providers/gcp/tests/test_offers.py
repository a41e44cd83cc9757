"""What the provider `vertex` offers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from infractl.domain.hardware_class import HardwareClass
from infractl.domain.offer import Offer, Purchase
from infractl.domain.unknown import Unknown
from infractl.provider.contract import Target
from infractl.testing.subject import Subject
from infractl.testing.suite.declaration import OfferSuite
from infractl_gcp.cloud_run import provider as cloud_run
from infractl_gcp.provider import provider
from infractl_gcp.settings import CloudRunSettings, VertexSettings


def offers(region: str = "us-central1") -> dict[tuple[str, Purchase], Offer]:
    target = Target(name="gcp", provider="vertex", settings=VertexSettings(region=region))
    return {(offer.name, offer.purchase): offer for offer in provider.offers(target)}


@pytest.fixture
def subject(tmp_path) -> Subject:
    return Subject(provider=provider, settings=VertexSettings(region="us-central1"), directory=tmp_path)


class TestOffers(OfferSuite):
    """The suite's own, for a provider that only offers."""


class TestCloudRun(OfferSuite):
    """The same for Cloud Run."""

    @pytest.fixture
    def subject(self, tmp_path) -> Subject:
        return Subject(provider=cloud_run, settings=CloudRunSettings(region="us-central1"), directory=tmp_path)


def test_a_request_of_cloud_run_is_paid_by_processor_memory_and_number() -> None:
    target = Target(name="gcp", provider="cloud-run", settings=CloudRunSettings(region="us-central1"))
    offer = next(o for o in cloud_run.offers(target) if o.name == "cloud run 2 vCPU 4 GiB")

    assert [(r.metric, r.unit) for r in offer.tariff] == [("processor", "vCPU-s"), ("memory", "GB-s"), ("requests", "million")]
    assert offer.metered is not None and offer.metered.cores == 2.0


def test_a_gpu_of_which_only_a_part_of_the_price_is_known_has_none() -> None:
    target = Target(name="gcp", provider="cloud-run", settings=CloudRunSettings(region="us-central1"))
    (offer,) = [o for o in cloud_run.offers(target) if o.chip.hardware_class is HardwareClass.gpu]

    assert isinstance(offer.tariff[0].price, Unknown)


def test_the_one_price_that_google_was_seen_to_state_is_there_as_it_stands() -> None:
    (rate,) = offers()["n1-standard-4", Purchase.on_demand].tariff

    assert rate.price == Decimal("0.21849885")
    assert "(backed)" in rate.source


@pytest.mark.parametrize("name", ["ct5lp-hightpu-1t", "ct6e-standard-1t"])
def test_a_spot_machine_is_cheaper_and_else_the_same(name: str) -> None:
    spot, regular = offers()[name, Purchase.spot], offers()[name, Purchase.on_demand]

    assert (spot.chip, spot.count) == (regular.chip, regular.count)
    assert spot.tariff[0].price < regular.tariff[0].price


def test_where_nobody_has_a_price_there_is_none() -> None:
    (rate,) = offers()["a3-ultragpu-8g", Purchase.on_demand].tariff

    assert isinstance(rate.price, Unknown)


def test_a_machine_that_a_bill_was_seen_of_costs_what_that_says() -> None:
    (rate,) = offers()["a3-highgpu-1g", Purchase.on_demand].tariff

    assert round(rate.price, 6) == Decimal("12.625919")


def test_each_of_its_classes_is_offered() -> None:
    classes = {offer.chip.hardware_class for offer in offers().values()}

    assert classes == {HardwareClass.cpu, HardwareClass.gpu, HardwareClass.tpu}


def test_a_zone_is_no_region() -> None:
    with pytest.raises(ValidationError):
        VertexSettings(region="us-central1-a")
