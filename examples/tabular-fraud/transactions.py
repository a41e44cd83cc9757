"""Card payments, made here: five ways of fraud, each of several features together, and chance on top. No real person's data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEATURES = ("amount", "usual_amount", "hour", "account_days", "km", "minutes_since_last", "payments_last_hour", "online", "risk")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transactions:
    """`features` are FP32 [rows, 9], in the order of FEATURES; `chance` is the probability that `fraud` was drawn with."""

    features: NDArray[np.float32]
    fraud: NDArray[np.bool_]
    chance: NDArray[np.float64]

    def part(self, rows: slice) -> Transactions:
        return Transactions(features=self.features[rows], fraud=self.fraud[rows], chance=self.chance[rows])


def make_transactions(rows: int, seed: int) -> Transactions:
    random = np.random.default_rng(seed)
    usual = np.exp(random.normal(3.5, 0.6, rows))
    columns = {
        "amount": usual * np.exp(random.normal(0, 0.8, rows)),
        "usual_amount": usual,
        "hour": random.normal(14, 5, rows) % 24,
        "account_days": random.gamma(1.5, 400, rows),
        "km": np.where(random.random(rows) < 0.85, random.exponential(8, rows), random.exponential(900, rows)),
        "minutes_since_last": np.exp(random.normal(5.5, 1.5, rows)),
        "payments_last_hour": random.poisson(0.6, rows) + (random.random(rows) < 0.03) * random.poisson(5, rows),
        "online": random.random(rows) < 0.4,
        "risk": random.beta(1.5, 6, rows),
    }
    chance = _above(_suspicion(columns), 0, 1)
    return Transactions(
        features=np.stack([columns[name] for name in FEATURES], axis=1).astype(np.float32),
        fraud=random.random(rows) < chance,
        chance=chance,
    )


def _suspicion(columns: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """The logarithm of the odds of fraud. No pattern is one feature alone, so that no straight line finds it."""
    amount, online = columns["amount"], columns["online"]
    night = np.cos((columns["hour"] - 3) / 24 * 2 * np.pi)
    km_per_hour = columns["km"] / (columns["minutes_since_last"] / 60 + 0.25)
    return (
        -6.8
        # Far more than this customer usually spends, at night.
        + 8 * _above(amount / columns["usual_amount"], 5, 0.5) * _above(night, 0.3, 0.2)
        # Present at the till, and faster there than a plane flies.
        + 8 * _above(km_per_hour, 700, 80) * (1 - online)
        # Many small payments within an hour: a stolen card is tried out.
        + 8 * _above(columns["payments_last_hour"], 3.5, 0.3) * _above(-amount, -15, 2)
        # A new account that spends much.
        + 7 * _above(-columns["account_days"], -45, 5) * _above(amount, 90, 10)
        # A shop with a record, online.
        + 7 * _above(columns["risk"], 0.45, 0.05) * online
    )


def _above(value: NDArray[np.float64], limit: float, width: float) -> NDArray[np.float64]:
    """From 0 far below the limit to 1 far above it."""
    return 1 / (1 + np.exp(np.clip((limit - value) / width, -50, 50)))
