"""An optimization in a terminal: one line a rung, with what it gains, what it costs in accuracy, and why it was dropped."""

from __future__ import annotations

from collections.abc import Iterator

from infractl.domain.metric import Metric
from infractl.domain.optimization import AccuracyVerdict, LatencyVerdict, Tried
from infractl.domain.optimized import Optimized
from infractl.report.style import Style
from infractl.report.table_text import table
from infractl.units import format_bytes, format_duration


def optimized_text(optimized: Optimized, style: Style) -> str:
    lines = [style.bold(f"{optimized.model} on {optimized.chip}"), "", *_table(optimized), "", *_reasons(optimized)]
    return "\n".join([*lines, *_end(optimized, style)]) + "\n"


def _table(optimized: Optimized) -> list[str]:
    batches = optimized.batches
    head = ("rung", "size", *(f"batch {size}" for size in batches), "speed", str(optimized.metric), "outcome")
    rows = [_given(optimized), *(_row(each, optimized) for each in optimized.optimization.tried)]
    return table(head, rows, right=range(1, 3 + len(batches)))


def _given(optimized: Optimized) -> tuple[str, ...]:
    calls = (optimized.given_call_s(size) for size in optimized.batches)
    score = optimized.score
    told = "" if score is None else _score(score, optimized.metric)
    outcome = "served: nothing was better" if optimized.best is None else ""
    return ("as given", format_bytes(optimized.size_bytes), *(_s(call) for call in calls), "1.00x", told, outcome)


def _row(tried: Tried, optimized: Optimized) -> tuple[str, ...]:
    size = format_bytes(tried.artifact.size_bytes) if tried.artifact else ""
    latency = tried.latency
    calls = [_s(latency.call_s[b].value if latency and b in latency.call_s else None) for b in optimized.batches]
    outcome = tried.refusal.code if tried.refusal else "served" if tried == optimized.best else "passed"
    return (tried.recipe.name, size, *calls, _speed(latency), _accuracy(tried.accuracy), outcome)


def _speed(latency: LatencyVerdict | None) -> str:
    return f"{latency.overall.value:.2f}x" if latency else ""


def _accuracy(verdict: AccuracyVerdict | None) -> str:
    """The candidate's metric, and how much worse it may be in truth."""
    if verdict is None:
        return ""
    share = verdict.metric.is_an_error or verdict.metric is Metric.agreement
    bound = f"{100 * abs(verdict.upper):.2g}{'%' if share else ' points'}"
    if verdict.metric is Metric.agreement:
        return f"{_score(verdict.candidate, verdict.metric)}, at most {bound} others"
    worse = f"at most {bound} worse" if verdict.upper > 0 else f"at least {bound} better"
    return f"{_score(verdict.candidate, verdict.metric)}, {worse}"


def _score(score: float, metric: Metric) -> str:
    return f"{score:.4g}" if metric.is_an_error else f"{100 * score:.2f}%"


def _s(seconds: float | None) -> str:
    return "" if seconds is None else format_duration(seconds)


def _reasons(optimized: Optimized) -> Iterator[str]:
    """Why rungs were dropped; those that were not reached share one reason."""
    told = dict[str, None]()
    for each in optimized.optimization.tried:
        if each.refusal is not None:
            unreached = each.refusal.code in ("not-reached", "out-of-time") and each.artifact is None
            told[f"  {'the rungs after it' if unreached else each.recipe.name}: {each.refusal.why}"] = None
    if told:
        yield "Why the others are not served:"
        yield from told
        yield ""


def _end(optimized: Optimized, style: Style) -> Iterator[str]:
    best = optimized.best
    if best is None:
        yield "The model stays as it is given."
        return
    assert best.latency is not None and best.accuracy is not None
    smaller = optimized.size_bytes / max(1, optimized.optimization.chosen.size_bytes)
    engine = "" if best.recipe.engine == "onnxruntime" else f", by {best.recipe.engine}"
    gain = f"{best.latency.overall.value:.2f} times as fast, {smaller:.2g} times as small"
    yield style.bold(f"{best.recipe.name}{engine}: {gain}; {best.accuracy.why}.")
    yield f"The artifact is {optimized.optimization.chosen.digest}."
