"""Monthly cost against p99 as a picture: what nothing beats in both as a line, the rest as dots. Plain SVG, without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from infractl.domain.explanation import CostPoint, Explanation
from infractl.domain.figure import quantity_text
from infractl.report.explanation_text import p99_of
from infractl.report.log_scale import LogScale
from infractl.report.picture import picture, text
from infractl.units import Money, format_money

_WIDTH, _HEIGHT = 760, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 30, 50, 60
_MOST_NAMES = 8


def cost_svg(explanation: Explanation) -> str:
    """What costs nothing has no place on a logarithmic axis, and is left out."""
    points = [point for point in explanation.points if point.monthly.amount > 0 and point.p99_s > 0]
    body = list(_plot(explanation, points)) if points else [text(_WIDTH / 2, _HEIGHT / 2, "nothing to draw", "middle")]
    title = f"{explanation.key.service}: monthly cost against {p99_of(explanation)}"
    return picture(title, body, width=_WIDTH, height=_HEIGHT, left=_LEFT)


def _plot(explanation: Explanation, points: Sequence[CostPoint]) -> Iterator[str]:
    across = LogScale.over([float(point.monthly.amount) for point in points], _LEFT, _WIDTH - _RIGHT)
    up = LogScale.over([point.p99_s for point in points], _HEIGHT - _BOTTOM, _TOP)
    yield from _axes(across, up, points[0].monthly.currency)
    for point in points:
        if not point.on_front:
            yield _dot(across, up, point, 3, "#bbbbbb")
    front = [point for point in points if point.on_front]
    corners = " ".join(f"{across.at(float(p.monthly.amount))},{up.at(p.p99_s)}" for p in front)
    yield f'<polyline points="{corners}" fill="none" stroke="#1f6feb"/>'
    for number, point in enumerate(front):
        yield _dot(across, up, point, 5, "#d1242f" if point.chosen else "#1f6feb")
        if number < _MOST_NAMES:
            name = f"{point.offer} (chosen)" if point.chosen else point.offer
            yield text(across.at(float(point.monthly.amount)) + 8, up.at(point.p99_s) - 8, name, "start")


def _axes(across: LogScale, up: LogScale, currency: str) -> Iterator[str]:
    floor = _HEIGHT - _BOTTOM
    yield f'<path d="M{_LEFT} {_TOP}V{floor}H{_WIDTH - _RIGHT}" fill="none" stroke="#333333"/>'
    for tick in across.ticks():
        yield f'<path d="M{across.at(tick)} {floor}v5" stroke="#333333"/>'
        yield text(across.at(tick), floor + 18, f"{tick:g}", "middle")
    for tick in up.ticks():
        yield f'<path d="M{_LEFT} {up.at(tick)}h-5" stroke="#333333"/>'
        yield text(_LEFT - 8, up.at(tick) + 4, quantity_text(tick, "s"), "end")
    yield text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 16, f"{currency} a month", "middle")
    yield text(_LEFT - 8, _TOP - 10, "p99, at the slow end of what is likely", "start")


def _dot(across: LogScale, up: LogScale, point: CostPoint, size: int, color: str) -> str:
    x, y = across.at(float(point.monthly.amount)), up.at(point.p99_s)
    told = escape(f"{point.offer} at {point.target}: {_cost(point.monthly)}, p99 up to {quantity_text(point.p99_s, 's')}")
    return f'<circle cx="{x}" cy="{y}" r="{size}" fill="{color}"><title>{told}</title></circle>'


def _cost(monthly: Money) -> str:
    return f"{format_money(monthly)} a month"
