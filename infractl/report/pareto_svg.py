"""Time against accuracy of all rungs that were judged, as a picture: what nothing beats in both as a line. Plain SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from infractl.domain.optimized import Optimized
from infractl.report.log_scale import LogScale
from infractl.report.picture import picture, text

_WIDTH, _HEIGHT = 760, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 130, 50, 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    """`speed`: how many times as fast as the given model; `score`: the metric."""

    name: str
    speed: float
    score: float
    served: bool
    passed: bool


def pareto_svg(optimized: Optimized) -> str:
    points = list(_points(optimized))
    body = list(_plot(points, optimized)) if points else [text(_WIDTH / 2, _HEIGHT / 2, "nothing was judged", "middle")]
    title = f"{optimized.model}: {optimized.metric} against speed on {optimized.chip}"
    return picture(title, body, width=_WIDTH, height=_HEIGHT, left=_LEFT)


def _points(optimized: Optimized) -> Iterator[_Point]:
    if optimized.score is not None:
        yield _Point(name="as given", speed=1.0, score=optimized.score, served=optimized.best is None, passed=True)
    for each in optimized.optimization.tried:
        if each.accuracy is not None and each.latency is not None:
            yield _Point(
                name=each.recipe.name,
                speed=each.latency.overall.value,
                score=each.accuracy.candidate,
                served=each == optimized.best,
                passed=each.refusal is None,
            )


def _plot(points: Sequence[_Point], optimized: Optimized) -> Iterator[str]:
    across = LogScale.over([point.speed for point in points], _LEFT, _WIDTH - _RIGHT)
    low, high = min(p.score for p in points), max(p.score for p in points)
    room = max(high - low, 0.01 * abs(high), 1e-9) * 0.2
    floor, top = low - room, high + room

    def up(score: float) -> float:
        return round(_HEIGHT - _BOTTOM - (score - floor) / (top - floor) * (_HEIGHT - _BOTTOM - _TOP), 1)

    yield f'<path d="M{_LEFT} {_TOP}V{_HEIGHT - _BOTTOM}H{_WIDTH - _RIGHT}" fill="none" stroke="#333333"/>'
    for tick in across.ticks():
        yield text(across.at(tick), _HEIGHT - _BOTTOM + 18, f"{tick:g}x", "middle")
    for tick in (low, high) if high > low else (low,):
        yield text(_LEFT - 8, up(tick) + 4, f"{tick:.4g}", "end")
    yield text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 16, "times as fast as the given model", "middle")
    yield text(_LEFT - 8, _TOP - 10, str(optimized.metric), "start")
    front = _front(points, less_is_better=optimized.metric.is_an_error)
    corners = " ".join(f"{across.at(p.speed)},{up(p.score)}" for p in front)
    yield f'<polyline points="{corners}" fill="none" stroke="#1f6feb"/>'
    for point in points:
        color = "#d1242f" if point.served else "#1f6feb" if point.passed else "#bbbbbb"
        told = escape(f"{point.name}: {point.speed:.2f} times as fast, {optimized.metric} {point.score:.4g}")
        x, y = across.at(point.speed), up(point.score)
        yield f'<circle cx="{x}" cy="{y}" r="5" fill="{color}"><title>{told}</title></circle>'
        yield text(x + 8, y - 8, f"{point.name} (served)" if point.served else point.name, "start")


def _front(points: Sequence[_Point], *, less_is_better: bool) -> list[_Point]:
    """From the fastest on, each that is better than all that are faster; in the order of their speeds."""
    sign, best, front = -1.0 if less_is_better else 1.0, float("-inf"), []
    for point in sorted(points, key=lambda p: (-p.speed, -sign * p.score)):
        if sign * point.score > best:
            best = sign * point.score
            front.append(point)
    return front[::-1]
