"""`prices.lock.yaml` beside infractl.yaml: the list prices that plans of the project are made with, one line a rate.

It is text for version control: sorted, a line changes only where its price does, and each line is JSON, which is YAML too.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from infractl.domain.offer import MOST_PRICE, Offer, Purchase, Rate, is_price
from infractl.domain.project_file import PRICE_LOCK
from infractl.domain.unknown import Unknown
from infractl.errors import StateError
from infractl.state.codec import decode, encode
from infractl.state.file import replace_file

FORMAT = 1

_HEAD = """\
# The list prices that this project is planned with. Commit it: whoever plans then plans with the same ones.
# infractl prices refresh takes over newer ones; plan --out and apply add those of what they place.
"""

Key = tuple[str, str, str, Purchase]
"""Target, offer, region and purchase, as `Offer.key` has them."""


@dataclass(frozen=True, slots=True)
class PriceLock:
    """Tariffs by the key of their offer. Only what is sold at a list has one, and no unknown price is locked."""

    tariffs: Mapping[Key, tuple[Rate, ...]] = field(default_factory=dict)

    def applied(self, offers: Iterable[Offer]) -> tuple[Offer, ...]:
        """The offers, with the locked tariff where there is one."""
        return tuple(replace(offer, tariff=self.tariffs.get(offer.key, offer.tariff)) for offer in offers)

    def with_prices(self, offers: Iterable[Offer]) -> PriceLock:
        """With the tariffs of these offers, as far as they can be locked."""
        return PriceLock({**self.tariffs, **{offer.key: offer.tariff for offer in offers if lockable(offer)}})

    def of_targets(self, names: Collection[str]) -> PriceLock:
        """Without the prices of targets that are declared no more."""
        return PriceLock({key: tariff for key, tariff in self.tariffs.items() if key[0] in names})


def lockable(offer: Offer) -> bool:
    """Whether it has list prices, all of them known. What a machine of one's own costs is declared in infractl.yaml."""
    known = all(not isinstance(rate.price, Unknown) for rate in offer.tariff)
    return offer.purchase is not Purchase.owned and bool(offer.tariff) and known


def read_price_lock(root: Path) -> PriceLock:
    """The lock of the project in `root`; an empty one where there is none. Raises StateError where it cannot be used."""
    # Most commands read no prices.
    import yaml

    path = root / PRICE_LOCK
    try:
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found = yaml.load(path.read_bytes(), loader)
    except FileNotFoundError:
        return PriceLock()
    except (OSError, yaml.YAMLError) as error:
        raise _unusable(path, str(error)) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT or not isinstance(found.get("rates"), list):
        raise _unusable(path, f"it is no document of format {FORMAT}")
    tariffs: dict[Key, list[Rate]] = defaultdict(list)
    for number, line in enumerate(found["rates"], 1):
        try:
            key, rate = _line(line)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _unusable(path, f"rate {number} of it: {error}") from None
        tariffs[key].append(rate)
    return PriceLock({key: tuple(rates) for key, rates in tariffs.items()})


def write_price_lock(root: Path, lock: PriceLock) -> None:
    """Whole or not at all; nothing is touched where it says this already. Raises StateError where the disk refuses."""
    path = root / PRICE_LOCK
    text = _HEAD + f"format: {FORMAT}\nrates:\n" + "".join(f"- {line}\n" for line in _lines(lock))
    if not (path.is_file() and path.read_text(encoding="utf-8") == text):
        # It is for others to read, unlike what else is kept.
        replace_file(path, text.encode(), mode=0o644)


def _lines(lock: PriceLock) -> Sequence[str]:
    lines = []
    for (target, offer, region, purchase), tariff in sorted(lock.tariffs.items()):
        for rate in tariff:
            where = {"target": target, "offer": offer, "region": region, "purchase": purchase.value}
            lines.append(json.dumps({**where, **_encoded(rate)}, ensure_ascii=False))
    return lines


def _encoded(rate: Rate) -> dict[str, Any]:
    encoded: Any = encode(rate)
    return {name: value for name, value in encoded.items() if value != ""}


def _line(line: dict[str, Any]) -> tuple[Key, Rate]:
    rest = dict(line)
    key = (str(rest.pop("target")), str(rest.pop("offer")), str(rest.pop("region")), Purchase(rest.pop("purchase")))
    rate = decode(Rate, {"name": "", **rest})
    if isinstance(rate.price, Unknown) or not is_price(rate.price):
        raise ValueError(f"a locked price is a number above 0, and at most {MOST_PRICE:,}")
    return key, rate


def _unusable(path: Path, detail: str) -> StateError:
    return StateError.of(
        "price-lock-unusable",
        summary="the locked prices cannot be used",
        detail=detail,
        at=str(path),
        remedy="restore it from version control; or remove it, and the providers' own prices hold again",
    )
