"""A cloud's price list in a file: JSON, whose form each provider knows, and the prices that cannot be right in any."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from infractl.domain.offer import Offer, Rate, is_price
from infractl.domain.unknown import Unknown
from infractl.errors import ProviderError


def read_price_file(file: Path, wanted: str) -> dict[str, Any]:
    """The object in a file. `wanted` says what it should be. Raises ProviderError where it is no JSON object."""
    try:
        with file.open(encoding="utf-8") as opened:
            found = json.load(opened)
    except (OSError, ValueError, RecursionError) as error:
        raise not_a_price_list(file, wanted, str(error)) from None
    if not isinstance(found, dict):
        raise not_a_price_list(file, wanted, "it is no JSON object")
    return found


def not_a_price_list(file: Path, wanted: str, why: str) -> ProviderError:
    return ProviderError.of(
        "price-list",
        summary="this is not the price list that the provider reads",
        detail=why,
        at=str(file),
        remedy=f"name {wanted}",
    )


def check_prices(offers: Sequence[Offer], file: Path) -> None:
    """Raises ProviderError for prices that are none: a list has 0 for what is free with something else."""
    rates = [(o.name, rate) for o in offers for rate in o.tariff]
    wrong = [name for name, rate in rates if isinstance(rate.price, Unknown) or rate.price <= 0]
    if wrong:
        raise ProviderError.of(
            "price-list-zero",
            summary="a price list gives an offer away",
            detail=", ".join(dict.fromkeys(wrong)),
            at=str(file),
            remedy="report this to the provider's authors: it reads another line of the list than the one that is paid",
        )
    slips = [f"{name}: {rate.price}" for name, rate in rates if not _payable(rate)]
    if slips:
        raise not_a_price_list(
            file, "a list with the prices that the cloud asks for", f"no price of anything: {', '.join(slips)}"
        )


def _payable(rate: Rate) -> bool:
    return not isinstance(rate.price, Unknown) and is_price(rate.price)
