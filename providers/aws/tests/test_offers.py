"""What the provider `sagemaker` offers, and that it applies nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import ValidationError

from infractl.domain.hardware_class import HardwareClass
from infractl.domain.offer import Mode, Offer, Purchase
from infractl.domain.unknown import Unknown
from infractl.provider.contract import NOTHING, Target
from infractl.testing.subject import Subject
from infractl.testing.suite.declaration import OfferSuite
from infractl_aws.functions import provider as functions
from infractl_aws.provider import provider
from infractl_aws.settings import LambdaSettings, SageMakerSettings


def offers(region: str = "us-east-1") -> dict[str, Offer]:
    target = Target(name="aws", provider="sagemaker", settings=SageMakerSettings(region=region))
    return {offer.name: offer for offer in provider.offers(target)}


@pytest.fixture
def subject(tmp_path) -> Subject:
    return Subject(provider=provider, settings=SageMakerSettings(region="us-east-1"), directory=tmp_path)


class TestOffers(OfferSuite):
    """The suite's own, for a provider that only offers."""


class TestFunctions(OfferSuite):
    """The same for Lambda."""

    @pytest.fixture
    def subject(self, tmp_path) -> Subject:
        return Subject(provider=functions, settings=LambdaSettings(region="us-east-1"), directory=tmp_path)


# Figures read on the pages that the catalogue names, independently of it.
@pytest.mark.parametrize(
    ("name", "price", "chip", "count", "vcpus"),
    [
        ("ml.g5.xlarge", "1.41", "A10G", 1, 4),
        ("ml.g4dn.12xlarge", "4.89", "T4", 4, 48),
        ("ml.p4d.24xlarge", "25.2513", "A100-SXM-40GB", 8, 96),
        ("ml.inf2.48xlarge", "15.58", "Inferentia2", 12, 192),
    ],
)
def test_an_instance_has_its_chips_and_its_list_price(name: str, price: str, chip: str, count: int, vcpus: int) -> None:
    offer = offers()[name]

    assert (offer.chip.name, offer.count, offer.host_cores) == (chip, count, vcpus)
    assert [(rate.metric, rate.unit, rate.price, rate.currency) for rate in offer.tariff] == [
        ("instance", "hour", Decimal(price), "USD")
    ]
    assert offer.modes == (Mode.realtime, Mode.asynchronous)


@pytest.mark.parametrize("name", ["ml.p5en.48xlarge", "ml.inf1.24xlarge", "ml.c7g.xlarge"])
def test_a_price_that_nobody_has_is_unknown(name: str) -> None:
    assert isinstance(offers()[name].tariff[0].price, Unknown)


def test_everything_is_bought_on_demand() -> None:
    assert {offer.purchase for offer in offers().values()} == {Purchase.on_demand}


def test_each_of_its_classes_is_offered() -> None:
    classes = {offer.chip.hardware_class for offer in offers().values()}

    assert classes == {HardwareClass.cpu, HardwareClass.gpu, HardwareClass.neuron, HardwareClass.serverless}


def test_serverless_comes_in_the_six_sizes_that_the_api_takes() -> None:
    sizes = [offer.host_memory_bytes // 2**20 for offer in offers().values() if offer.by_the_call]

    assert sizes == [1024, 2048, 3072, 4096, 5120, 6144]
    assert all(offer.metered is not None and offer.metered.concurrency == 200 for offer in offers().values() if offer.by_the_call)


def test_a_function_has_the_processor_that_its_memory_comes_with() -> None:
    target = Target(name="aws", provider="lambda", settings=LambdaSettings(region="us-east-1"))
    cores = {offer.name: offer.metered.cores for offer in functions.offers(target) if offer.metered is not None}

    # One virtual processor at 1,769 MB, by the developer guide; six at the most.
    assert cores["lambda 1769 MB x86_64"] == 1.0
    assert round(cores["lambda 10240 MB x86_64"], 2) == 5.79


def test_a_function_is_paid_by_memory_and_by_requests() -> None:
    target = Target(name="aws", provider="lambda", settings=LambdaSettings(region="us-east-1"))
    offer = next(o for o in functions.offers(target) if o.name == "lambda 1024 MB x86_64")

    rates = {(rate.metric, rate.unit): rate.price for rate in offer.tariff}
    assert rates == {("memory", "GB-s"): Decimal("0.0000166667"), ("requests", "million"): Decimal("0.2")}
    assert offer.tariff[0].name == "lambda 1024 MB x86_64: memory by the GB-s"


def test_in_another_region_no_price_is_guessed() -> None:
    assert all(isinstance(rate.price, Unknown) for offer in offers("eu-west-1").values() for rate in offer.tariff)


def test_it_makes_nothing_of_a_deployment() -> None:
    assert provider.kinds == {}
    assert NOTHING.resources == ()


@pytest.mark.parametrize("settings", [{}, {"region": "us-east-1a"}, {"region": "us-east-1", "role": "inference"}])
def test_settings_that_no_cloud_knows_are_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        SageMakerSettings.model_validate(settings)
