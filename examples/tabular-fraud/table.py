"""The comparison as a table in Markdown, and the verdict: made of what was scored, planned and measured, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from infractl.units import Money, format_bytes, format_duration, format_money, format_rate, parse_duration_s

NOTHING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One service: its model's scores (of scores.json), and its part of the plan's and of the status's document."""

    name: str
    scores: Mapping[str, Any]
    planned: Mapping[str, Any]
    status: Mapping[str, Any]

    @property
    def predicted(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.planned["deployment"]["stable"]["placement"]["prediction"]
        return found

    @property
    def bench(self) -> Mapping[str, Any]:
        """The measurement, empty where there is none."""
        found: Mapping[str, Any] = self.status["bench"] or {}
        return found

    def measured(self, name: str) -> Mapping[str, Any] | None:
        """A figure of the bench; None where it was not measured. Its `bound` says that it is no more than that."""
        figure: Mapping[str, Any] | None = self.bench.get("figures", {}).get(name)
        return None if figure is None else {**figure, "bound": name in self.bench["bounds"]}

    @property
    def limit_s(self) -> float:
        return parse_duration_s(self.planned["slo"]["p99"])

    @property
    def keeps(self) -> bool:
        """Whether the p99 was measured, and the whole of its interval is within the promise."""
        p99 = self.measured("p99")
        return p99 is not None and bool(p99["high"] <= self.limit_s)


def contenders(scores: Mapping[str, Any], plan: Mapping[str, Any], status: Sequence[Mapping[str, Any]]) -> list[Contender]:
    planned = {service["key"]["service"]: service for service in plan["plan"]["services"]}
    running = {service["key"]["service"]: service for service in status}
    return [
        Contender(name=name, scores=of_model, planned=planned[name], status=running[name])
        for name, of_model in scores["models"].items()
    ]


def table(scores: Mapping[str, Any], rivals: Sequence[Contender]) -> str:
    peak, average = rivals[0].planned["traffic"]["peak"], rivals[0].planned["traffic"]["average"]
    rows = {
        f"average precision, {scores['held_out']:,} held out": [_score(r.scores["average_precision"]) for r in rivals],
        "area under the ROC curve": [f"{r.scores['area_under_roc']:.3f}" for r in rivals],
        f"frauds among the {scores['alarmed']:.0%} most suspicious": [f"{r.scores['caught']:.1%}" for r in rivals],
        "size": [format_bytes(r.planned["deployment"]["stable"]["artifact"]["size_bytes"]) for r in rivals],
        f"predicted p99 at {peak}": [_seconds(r.predicted["latency_s"]["99"]) for r in rivals],
        "predicted capacity": [_rate(r.predicted["capacity_per_s"]) for r in rivals],
        "measured p50, one at a time": [_seconds(r.measured("alone_p50")) for r in rivals],
        f"measured p50 at {peak}": [_seconds(r.measured("p50")) for r in rivals],
        f"measured p99 at {peak}": [_seconds(r.measured("p99")) for r in rivals],
        "measured saturation": [_rate(r.measured("saturation")) for r in rivals],
        f"measured capacity at p99 ≤ {rivals[0].planned['slo']['p99']}": [_rate(r.measured("capacity")) for r in rivals],
        f"1,000 inferences at {average}": [_money(r.status["cost"]["summary"]["per_thousand"]) for r in rivals],
        "1,000 at the measured capacity": [_money(r.status["cost"]["per_thousand_measured"]) for r in rivals],
    }
    head = ["", *(r.name for r in rivals)]
    lines = [head, ["---"] * len(head), *([label, *cells] for label, cells in rows.items())]
    notes = [f"\n{r.name}: {note}." for r in rivals for note in r.bench.get("disturbances", ())]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") for cells in lines) + "".join(notes)


def verdict(scores: Mapping[str, Any], rivals: Sequence[Contender]) -> str:
    """Which one to ship: of those that keep the promise the more accurate; where that cannot be told, the cheaper."""
    kept = [r for r in rivals if r.keeps]
    better, worse = sorted(rivals, key=lambda r: -float(r.scores["average_precision"]["value"]))
    low, high = sorted(scores["better_by"].values())
    lines = [f"{r.name}: the p99 of {r.planned['slo']['p99']} is {'kept' if r.keeps else 'not surely kept'}." for r in rivals]
    lines.append(
        f"{better.name} over {worse.name}: {low:+.3f} to {high:+.3f} of average precision, on the same payments (95%); "
        f"{scores['best_possible']:.3f} is the most that any model could have."
    )
    if low <= 0:
        lines.append("That is no difference to build on: the cheaper one wins.")
        kept.sort(key=_cost)
    else:
        kept.sort(key=lambda r: r is not better)
    lines.append(f"Won: {kept[0].name}." if kept else "Neither won.")
    return "\n".join(lines)


def _cost(rival: Contender) -> Decimal:
    """Of a thousand inferences at the measured capacity; what is unknown comes last."""
    amount = _amount(rival.status["cost"]["per_thousand_measured"])
    return Decimal("Infinity") if amount is None else amount


def _score(figure: Mapping[str, float]) -> str:
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"


def _seconds(figure: Mapping[str, Any] | None) -> str:
    return _between(figure, format_duration, "at most ")


def _rate(figure: Mapping[str, Any] | None) -> str:
    return _between(figure, format_rate, "at least ")


def _between(figure: Mapping[str, Any] | None, written: Callable[[float], str], bound: str) -> str:
    if figure is None:
        return NOTHING
    value, low, high = (written(figure[key]) for key in ("value", "low", "high"))
    return f"{bound if figure.get('bound') else ''}{value} ({low} to {high})"


def _money(money: Mapping[str, str] | None) -> str:
    amount = _amount(money)
    return NOTHING if amount is None or money is None else format_money(Money(amount=amount, currency=money["currency"]))


def _amount(money: Mapping[str, str] | None) -> Decimal | None:
    """None where it was not measured, or is unknown (an object with `why`)."""
    return Decimal(money["amount"]) if money and "amount" in money else None
