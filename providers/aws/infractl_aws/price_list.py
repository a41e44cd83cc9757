"""AWS's own price list of SageMaker, as the Price List Bulk API has it: `AmazonSageMaker`, of one region or of all.

The form is that of the service price list file in the AWS Billing user guide ("Reading the service price list file"):
`products` by SKU with their `attributes`, and `terms.OnDemand` by SKU, each with `priceDimensions` of a `unit` and a
`pricePerUnit`. Which product is an endpoint's instance is said by its attributes: `component` is Hosting, `instanceName` the
instance and `regionCode` the region, as awslabs/llmeter asks the Query API for them. Asynchronous endpoints run on the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from infractl.domain.offer import Offer, Purchase, Rate
from infractl.provider.price_file import check_prices, not_a_price_list, read_price_file

SERVICE = "AmazonSageMaker"
WANTED = "the file index.json of AmazonSageMaker in the target's region, from AWS's Price List Bulk API"

Prices = Mapping[tuple[str, str], Rate]
"""The rate of an hour by instance and region."""


def read_price_list(file: Path, offers: Sequence[Offer]) -> tuple[Offer, ...]:
    """Those of the offers whose instance the list prices. Raises ProviderError where the file is no such list."""
    found = read_price_file(file, WANTED)
    if found.get("offerCode") != SERVICE:
        raise not_a_price_list(file, WANTED, f"its offerCode is {found.get('offerCode')!r}, and not {SERVICE}")
    try:
        prices = dict(_prices(found))
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise not_a_price_list(file, WANTED, f"it has not the form of one ({type(error).__name__}: {error})") from None
    priced = tuple(
        replace(offer, tariff=(prices[offer.name, offer.region],))
        for offer in offers
        if offer.purchase is Purchase.on_demand and (offer.name, offer.region) in prices
    )
    check_prices(priced, file)
    return priced


def _prices(found: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], Rate]]:
    on = date.fromisoformat(found["publicationDate"][:10])
    terms = found["terms"]["OnDemand"]
    for sku, product in found["products"].items():
        attributes = product["attributes"]
        if attributes.get("component") != "Hosting" or not attributes.get("instanceName") or sku not in terms:
            continue
        for dimension in (d for term in terms[sku].values() for d in term["priceDimensions"].values()):
            price = Decimal(dimension["pricePerUnit"].get("USD", "0"))
            # A second line of a product is of an agreement of its own, at 0.
            if dimension["unit"] == "Hrs" and price > 0:
                rate = Rate(
                    metric="instance",
                    unit="hour",
                    price=price.normalize(),
                    currency="USD",
                    source=f"AWS price list of {SERVICE}, SKU {sku}",
                    date=on,
                )
                yield (attributes["instanceName"], attributes["regionCode"]), rate
