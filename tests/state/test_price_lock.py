"""prices.lock.yaml: what is written is read again, and what cannot be is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from infractl.domain.offer import Offer, Purchase, Rate
from infractl.domain.unknown import Unknown
from infractl.errors import StateError
from infractl.hardware import catalogue
from infractl.state.price_lock import PriceLock, lockable, read_price_lock, write_price_lock

RATE = Rate(metric="instance", unit="hour", price=Decimal("1.41"), currency="USD", source="a list", date=date(2026, 9, 27))


def offer(price: Decimal | Unknown = RATE.price, purchase: Purchase = Purchase.on_demand) -> Offer:
    return Offer(
        name="ml.g5.xlarge",
        target="aws",
        chip=catalogue.chip("A10G"),
        count=1,
        region="us-east-1",
        purchase=purchase,
        tariff=(replace(RATE, price=price),),
        host_memory_bytes=2**34,
    )


def test_what_is_locked_is_read_as_it_was_written(tmp_path) -> None:
    lock = PriceLock().with_prices([offer(), offer(purchase=Purchase.spot, price=Decimal("0.50"))])

    write_price_lock(tmp_path, lock)

    assert read_price_lock(tmp_path) == lock


def test_without_a_file_nothing_is_locked(tmp_path) -> None:
    assert read_price_lock(tmp_path) == PriceLock()


def test_a_locked_price_goes_before_that_of_the_catalogue() -> None:
    lock = PriceLock().with_prices([offer(Decimal("1.30"))])

    assert lock.applied([offer()]) == (offer(Decimal("1.30")),)


def test_what_is_not_locked_keeps_its_price() -> None:
    assert PriceLock().applied([offer()]) == (offer(),)


@pytest.mark.parametrize("given", [offer(Unknown("not found")), offer(purchase=Purchase.owned), replace(offer(), tariff=())])
def test_neither_an_unknown_price_nor_one_of_ones_own_machines_is_locked(given: Offer) -> None:
    assert not lockable(given)
    assert PriceLock().with_prices([given]) == PriceLock()


def test_a_rate_is_a_line_and_the_same_lock_is_the_same_file(tmp_path) -> None:
    lock = PriceLock().with_prices([offer()])
    write_price_lock(tmp_path, lock)
    file = tmp_path / "prices.lock.yaml"
    text, before = file.read_text(), file.stat().st_mtime_ns

    write_price_lock(tmp_path, lock)

    assert text.splitlines()[-1].startswith('- {"target": "aws", "offer": "ml.g5.xlarge", ')
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    "text",
    [
        "rates: [",
        "format: 1",
        "{format: 2, rates: []}",
        "{format: 1, rates: [1]}",
        "{format: 1, rates: [{target: aws, offer: a, region: b, purchase: borrowed}]}",
        '{format: 1, rates: [{target: aws, offer: a, region: b, purchase: spot, metric: instance, unit: hour, price: "0", '
        'currency: USD, source: a, date: "2026-09-27"}]}',
        '{format: 1, rates: [{target: aws, offer: a, region: b, purchase: spot, metric: instance, unit: hour, price: "1e999", '
        'currency: USD, source: a, date: "2026-09-27"}]}',
    ],
)
def test_a_lock_that_cannot_be_is_refused_with_what_mends_it(text: str, tmp_path) -> None:
    (tmp_path / "prices.lock.yaml").write_text(text)

    with pytest.raises(StateError) as raised:
        read_price_lock(tmp_path)

    (problem,) = raised.value.diagnostics
    assert problem.slug == "price-lock-unusable"
    assert problem.remedy.startswith("restore it from version control")
