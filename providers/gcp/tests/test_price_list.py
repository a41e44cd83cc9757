"""Google's price list of Vertex AI, in the form of the Cloud Billing Catalog API, with the figures of a bill of August 2025."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infractl.domain.offer import Offer
from infractl.errors import ProviderError
from infractl.provider.contract import Target
from infractl_gcp.provider import provider
from infractl_gcp.settings import VertexSettings

PREDICTION = "Vertex AI: Online/Batch Prediction"


def sku(number: str, what: str, usd: str, unit: str = "h", place: str = "us-central1", usage: str = "OnDemand") -> dict[str, Any]:
    units, _, nanos = usd.partition(".")
    return {
        "name": f"services/C7E2-9256-1C43/skus/{number}",
        "skuId": number,
        "description": f"{PREDICTION} {what} running in Iowa",
        "category": {
            "serviceDisplayName": "Vertex AI",
            "resourceFamily": "ApplicationServices",
            "resourceGroup": "Vertex AI",
            "usageType": usage,
        },
        "serviceRegions": [place],
        "pricingInfo": [
            {
                "summary": "",
                "pricingExpression": {
                    "usageUnit": unit,
                    "displayQuantity": 1,
                    "tieredRates": [
                        {
                            "startUsageAmount": 0,
                            "unitPrice": {"currencyCode": "USD", "units": units, "nanos": int(nanos.ljust(9, "0"))},
                        }
                    ],
                },
                "currencyConversionRate": 1,
                "effectiveTime": "2026-11-20T00:00:00Z",
            }
        ],
        "serviceProviderName": "Google",
    }


H100 = sku("AE9C-DB60-DF46", "Nvidia H100 80gb GPU", "11.2660332")
CORE = sku("A002-4323-D900", "A3 Predefined Instance Core", "0.0293227")
RAM = sku("2424-9F04-82A8", "A3 Predefined Instance Ram", "0.0025534", "GiBy.h")


def read(folder: Path, *skus: dict[str, Any]) -> dict[str, Offer]:
    file = folder / "skus.json"
    file.write_text(json.dumps({"skus": skus, "nextPageToken": ""}))
    target = Target(name="gcp", provider="vertex", settings=VertexSettings(region="us-central1"))
    return {offer.name: offer for offer in provider.read_prices(file, target)}


def test_a_machine_costs_what_its_parts_do(tmp_path) -> None:
    offers = read(tmp_path, H100, CORE, RAM)

    assert set(offers) == {"a3-highgpu-1g", "a3-highgpu-8g"}
    (rate,) = offers["a3-highgpu-1g"].tariff
    # The sum that stands on the bill.
    assert round(rate.price, 6) == Decimal("12.625919")
    assert rate.source == "Cloud Billing Catalog, SKUs A002-4323-D900, 2424-9F04-82A8, AE9C-DB60-DF46"
    assert rate.date == date(2026, 11, 20)


@pytest.mark.parametrize("core", ["N1 Predefined Instance Core", "N1 Instance Core"])
def test_a_machine_without_accelerators_has_no_gpu_to_pay(core: str, tmp_path) -> None:
    offers = read(tmp_path, sku("1", core, "0.036"), sku("2", "N1 Predefined Instance Ram", "0.005", "GiBy.h"))

    # 4 vCPU and 15 GiB.
    assert offers["n1-standard-4"].tariff[0].price == Decimal("0.219")
    assert "n1-standard-4+T4" not in offers


@pytest.mark.parametrize(
    "skus",
    [
        (H100, CORE),
        (H100, CORE, {**RAM, "serviceRegions": ["europe-west4"]}),
        (H100, CORE, RAM, sku("X", "A3 Predefined Instance Core", "0.03")),
        (H100, CORE, sku("X", "A3 Predefined Instance Ram", "0.0025534", "GiBy.h", usage="Preemptible")),
        (H100, CORE, sku("X", "A3 Predefined Instance Ram", "0.0025534", "h")),
    ],
    ids=["a part is missing", "of another region", "two fit", "of another usage", "in another unit"],
)
def test_a_machine_is_not_priced_by_guessing_a_part(skus: tuple[dict[str, Any], ...], tmp_path) -> None:
    assert "a3-highgpu-1g" not in read(tmp_path, *skus)


@pytest.mark.parametrize(
    ("text", "why"),
    [("{}", "it has no skus"), ('{"skus": [{}]}', "it has not the form of one (KeyError: 'category')")],
)
def test_what_is_no_such_list_is_refused_with_the_reason(text: str, why: str, tmp_path) -> None:
    file = tmp_path / "skus.json"
    file.write_text(text)
    target = Target(name="gcp", provider="vertex", settings=VertexSettings(region="us-central1"))

    with pytest.raises(ProviderError) as raised:
        provider.read_prices(file, target)

    assert raised.value.diagnostics[0].detail == why
