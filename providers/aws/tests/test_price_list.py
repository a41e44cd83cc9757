"""AWS's price list of SageMaker, in the form that its user guide gives, and what is refused."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infractl.domain.offer import Offer
from infractl.errors import ProviderError
from infractl.provider.capability import ReadsPrices
from infractl.provider.contract import Target
from infractl_aws.provider import provider
from infractl_aws.settings import SageMakerSettings


def product(sku: str, **attributes: str) -> dict[str, Any]:
    return {sku: {"sku": sku, "productFamily": "ML Instance", "attributes": {"servicecode": "AmazonSageMaker", **attributes}}}


def hosting(sku: str, name: str, region: str = "eu-west-1") -> dict[str, Any]:
    return product(sku, component="Hosting", instanceName=name, instanceType=f"{name}-Hosting", regionCode=region)


def on_demand(sku: str, usd: str, unit: str = "Hrs") -> dict[str, Any]:
    code = f"{sku}.JRTCKXETXF"
    dimension = {
        "rateCode": f"{code}.6YS6EN2CT7",
        "description": "an hour",
        "beginRange": "0",
        "endRange": "Inf",
        "unit": unit,
        "pricePerUnit": {"USD": usd},
        "appliesTo": [],
    }
    term = {
        "offerTermCode": "JRTCKXETXF",
        "sku": sku,
        "effectiveDate": "2026-11-01T00:00:00Z",
        "priceDimensions": {dimension["rateCode"]: dimension},
        "termAttributes": {},
    }
    return {sku: {code: term}}


def written(folder: Path, products: dict[str, Any], terms: dict[str, Any], **changes: Any) -> Path:
    document = {
        "formatVersion": "v1.0",
        "disclaimer": "for information only",
        "offerCode": "AmazonSageMaker",
        "version": "20261120000000",
        "publicationDate": "2026-11-20T18:02:41Z",
        "products": products,
        "terms": {"OnDemand": terms},
        **changes,
    }
    file = folder / "index.json"
    file.write_text(json.dumps(document))
    return file


def read(file: Path, region: str = "eu-west-1") -> dict[str, Offer]:
    assert isinstance(provider, ReadsPrices)
    target = Target(name="aws", provider="sagemaker", settings=SageMakerSettings(region=region))
    return {offer.name: offer for offer in provider.read_prices(file, target)}


def test_an_instance_of_the_targets_region_has_the_price_that_the_list_says(tmp_path) -> None:
    products = hosting("AAA", "ml.g5.xlarge") | hosting("BBB", "ml.g5.xlarge", "us-east-1")
    file = written(tmp_path, products, on_demand("AAA", "1.5760000000") | on_demand("BBB", "1.4080000000"))

    (offer,) = read(file).values()

    (rate,) = offer.tariff
    assert (offer.name, offer.region) == ("ml.g5.xlarge", "eu-west-1")
    assert (rate.metric, rate.unit, rate.price, rate.currency) == ("instance", "hour", Decimal("1.576"), "USD")
    assert (rate.source, rate.date) == ("AWS price list of AmazonSageMaker, SKU AAA", date(2026, 11, 20))


def test_what_is_no_endpoint_is_left_aside(tmp_path) -> None:
    training = product("AAA", component="Training", instanceName="ml.g5.xlarge", regionCode="eu-west-1")
    other = product("BBB", component="Hosting", volumeType="General Purpose (SSD)", regionCode="eu-west-1")
    terms = on_demand("AAA", "1.7") | on_demand("BBB", "0.154", "GB-Mo") | on_demand("CCC", "1.576")

    assert set(read(written(tmp_path, training | other | hosting("CCC", "ml.g5.xlarge"), terms))) == {"ml.g5.xlarge"}


def test_a_second_line_at_nothing_is_of_an_agreement_and_no_price(tmp_path) -> None:
    terms = on_demand("AAA", "0.0000000000") | on_demand("BBB", "1.576")
    products = hosting("AAA", "ml.g5.xlarge") | hosting("BBB", "ml.g5.xlarge")

    assert read(written(tmp_path, products, terms))["ml.g5.xlarge"].tariff[0].price == Decimal("1.576")


@pytest.mark.parametrize("usd", ["Infinity", "1e999", "1000000.01"])
def test_what_nobody_pays_for_an_hour_is_no_price(usd: str, tmp_path) -> None:
    with pytest.raises(ProviderError) as raised:
        read(written(tmp_path, hosting("AAA", "ml.g5.xlarge"), on_demand("AAA", usd)))

    (problem,) = raised.value.diagnostics
    assert problem.slug == "price-list" and "no price of anything: ml.g5.xlarge: " in problem.detail


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("not JSON", "Expecting value"),
        ("[]", "it is no JSON object"),
        ('{"offerCode": "AmazonEC2"}', "its offerCode is 'AmazonEC2', and not AmazonSageMaker"),
        ('{"offerCode": "AmazonSageMaker"}', "it has not the form of one (KeyError: 'publicationDate')"),
    ],
)
def test_what_is_no_such_list_is_refused_with_the_reason(text: str, why: str, tmp_path) -> None:
    file = tmp_path / "index.json"
    file.write_text(text)

    with pytest.raises(ProviderError) as raised:
        read(file)

    (problem,) = raised.value.diagnostics
    assert problem.slug == "price-list"
    assert why in problem.detail
