"""Google's own price list of Vertex AI: the answer of the Cloud Billing Catalog API to `services/C7E2-9256-1C43/skus`.

The form is that of the API's reference (`skus`, each with `description`, `category.usageType`, `serviceRegions` and
`pricingInfo[].pricingExpression` of a `usageUnit` and `tieredRates[].unitPrice` in `units` and `nanos`). A machine has no SKU: it
is paid by core, by GiB of memory and by GPU. Which SKU is which stands in the description alone, of which no reference says
more; the patterns here fit descriptions that users have seen on bills ("Vertex AI: Online/Batch Prediction A3 Predefined Instance
Core running in Iowa"). An offer is priced only where exactly one SKU of its region fits each part; TPUs and spot are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from infractl.domain.offer import Offer, Purchase, Rate
from infractl.provider.offer_file import GIB
from infractl.provider.price_file import check_prices, not_a_price_list, read_price_file

WANTED = "the JSON that the Cloud Billing Catalog API answers for services/C7E2-9256-1C43/skus, Vertex AI"

NANO = Decimal("1e-9")

GPUS = {
    "T4": "(Tesla )?T4",
    "P4": "(Tesla )?P4",
    "V100-SXM2": "(Tesla )?V100",
    "P100-PCIe-16GB": "(Tesla )?P100",
    "L4": "L4",
    "A100-SXM-40GB": "(Tesla )?A100",
    "A100-SXM-80GB": "A100 80gb",
    "H100-SXM": "H100 80gb",
}
"""How descriptions name chips, as patterns."""

_PREFIX = "Vertex AI: Online/Batch Prediction"


@dataclass(frozen=True, slots=True)
class _Sku:
    id: str
    description: str
    regions: tuple[str, ...]
    unit: str
    price: Decimal
    currency: str
    on: date


def read_price_list(file: Path, offers: Sequence[Offer]) -> tuple[Offer, ...]:
    """Those of the offers of which every part is priced. Raises ProviderError where the file is no such list."""
    found = read_price_file(file, WANTED)
    if not isinstance(found.get("skus"), list):
        raise not_a_price_list(file, WANTED, "it has no skus")
    try:
        skus = tuple(_skus(found["skus"]))
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise not_a_price_list(file, WANTED, f"it has not the form of one ({type(error).__name__}: {error})") from None
    on_demand = [offer for offer in offers if offer.purchase is Purchase.on_demand]
    priced = tuple(replace(offer, tariff=(rate,)) for offer in on_demand if (rate := _rate(offer, skus)) is not None)
    check_prices(priced, file)
    return priced


def _skus(listed: Sequence[Mapping[str, Any]]) -> Iterator[_Sku]:
    for sku in listed:
        if sku["category"]["usageType"] != "OnDemand" or not sku["description"].startswith(_PREFIX):
            continue
        info = sku["pricingInfo"][-1]
        tiers = info["pricingExpression"]["tieredRates"]
        if len(tiers) != 1:
            continue
        price = tiers[0]["unitPrice"]
        yield _Sku(
            id=sku["skuId"],
            description=sku["description"],
            regions=tuple(sku["serviceRegions"]),
            unit=info["pricingExpression"]["usageUnit"],
            price=Decimal(price.get("units", 0)) + Decimal(price.get("nanos", 0)) * NANO,
            currency=price["currencyCode"],
            on=date.fromisoformat(info["effectiveTime"][:10]),
        )


def _rate(offer: Offer, skus: Sequence[_Sku]) -> Rate | None:
    """The sum of the offer's parts; None where one of them is not told without doubt."""
    found = [(_only(pattern, unit, offer.region, skus), amount) for pattern, unit, amount in _parts(offer)]
    parts = [(sku, amount) for sku, amount in found if sku is not None]
    if not found or len(parts) < len(found) or len({sku.currency for sku, _ in parts}) > 1:
        return None
    return Rate(
        metric="instance",
        unit="hour",
        price=sum((sku.price * amount for sku, amount in parts), Decimal(0)),
        currency=parts[0][0].currency,
        source=f"Cloud Billing Catalog, SKUs {', '.join(sku.id for sku, _ in parts)}",
        date=max(sku.on for sku, _ in parts),
    )


def _parts(offer: Offer) -> Iterator[tuple[str, str, Decimal]]:
    """The pattern of each part's description, its unit, and how much of it there is."""
    # An accelerator of which nobody knows the words has parts that no SKU fits.
    accelerated = offer.chip.cores == 0
    family = re.escape(offer.name.partition("-")[0].upper())
    cores, memory = Decimal(str(vcpus(offer))), Decimal(offer.host_memory_bytes) / GIB
    yield rf"{_PREFIX} {family} (Predefined )?Instance Core running in .*", "h", cores
    yield rf"{_PREFIX} {family} (Predefined )?Instance Ram running in .*", "GiBy.h", memory
    if accelerated:
        yield rf"{_PREFIX} Nvidia {GPUS.get(offer.chip.name, '(?!)')} GPU running in .*", "h", Decimal(offer.count)


def vcpus(offer: Offer) -> int:
    """As Google counts them: they stand in the name of a machine, or beside its accelerator."""
    size = re.fullmatch(r"[a-z0-9]+-(?:standard|highmem|highcpu)-(\d+)", offer.name.partition("+")[0])
    return int(size.group(1)) if size and offer.chip.cores else offer.host_cores


def _only(pattern: str, unit: str, region: str, skus: Sequence[_Sku]) -> _Sku | None:
    fitting = [
        s for s in skus if s.unit == unit and region in s.regions and re.fullmatch(pattern, s.description, flags=re.IGNORECASE)
    ]
    return fitting[0] if len(fitting) == 1 else None
