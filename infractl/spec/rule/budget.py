"""Rules about a service's budget, and what holds for every amount of money."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.errors import Diagnostic, Mark
from infractl.spec.currency import CURRENCIES
from infractl.spec.rule.subject import Rule, Subject
from infractl.spec.telling.problem import error
from infractl.units import Money


def budget_positive(subject: Subject) -> Iterator[Diagnostic]:
    """Nothing can be bought for nothing. Where there is no limit, the budget is left out."""
    given = {"monthly": subject.spec.budget.monthly, "perThousand": subject.spec.budget.per_thousand}
    for key, amount in given.items():
        if amount is not None and amount.amount <= 0:
            yield error(
                "budget-positive",
                "a budget is zero",
                f"{subject.written('budget', key)} buys nothing",
                subject.mark("budget", key),
                f"raise budget.{key}, or remove it where there is no limit",
            )


def budget_currency(subject: Subject) -> Iterator[Diagnostic]:
    """Both parts of a budget are compared with one price, and no rate of exchange is guessed."""
    monthly, per_thousand = subject.spec.budget.monthly, subject.spec.budget.per_thousand
    if monthly and per_thousand and monthly.currency != per_thousand.currency:
        yield error(
            "budget-currency",
            "a budget has two currencies",
            f"budget.perThousand is in {per_thousand.currency} and budget.monthly in {monthly.currency}",
            subject.mark("budget", "perThousand"),
            f"write both in {monthly.currency}, or both in {per_thousand.currency}",
        )


def known_currency(subject: Subject) -> Iterator[Diagnostic]:
    """A budget is compared with prices, and no price is in a currency that there is not."""
    for key, amount in {"monthly": subject.spec.budget.monthly, "perThousand": subject.spec.budget.per_thousand}.items():
        yield from unknown_currency(amount, subject.mark("budget", key))


def unknown_currency(amount: Money | None, mark: Mark) -> Iterator[Diagnostic]:
    """Amounts are compared with prices, and no price is in a currency that there is not."""
    if amount and amount.currency not in CURRENCIES:
        yield error(
            "unknown-currency",
            "an amount is in a currency that there is not",
            f"{amount.currency} is not the code of a currency in ISO 4217",
            mark,
            "write the three letters of a currency that prices are in, such as USD or EUR",
        )


RULES: tuple[Rule, ...] = (
    budget_positive,
    budget_currency,
    known_currency,
)
