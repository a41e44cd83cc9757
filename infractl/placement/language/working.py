"""The sum of one language model's placement, step by step: prompts, tokens, queue, replicas, memory. Costs are not in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from infractl.domain.explanation import Stage, WorkingLine
from infractl.domain.figure import Basis, Figure
from infractl.domain.language_profile import LanguageProfile
from infractl.domain.placement import Evaluation, Placement, Violation
from infractl.placement.altered import limits
from infractl.placement.bounds import Bounds
from infractl.placement.language.case import Case, case
from infractl.placement.language.fitted import FITTED
from infractl.placement.language.room import USABLE_SHARE
from infractl.placement.language.speed import LanguageSpeed, language_speed
from infractl.placement.language.turn import Turn
from infractl.placement.station import DERATING
from infractl.spec.service import InferenceService
from infractl.units import format_duration, format_rate

_MODEL = "the model of infractl's placement"


def language_working(service: InferenceService, profile: LanguageProfile, evaluation: Evaluation) -> tuple[WorkingLine, ...]:
    """Of one server, but for memory, which is that of one chip, and the replicas. None where nothing is computed."""
    shapes, offer = service.spec.traffic.shapes, evaluation.offer
    if offer.chip.cores or not {"prompt", "output"} <= shapes.keys():
        return ()
    placed, precision = evaluation.placement, evaluation.recipe.dtype
    chips = offer.count // placed.instances if placed else offer.count
    speed = language_speed(profile.model, offer.chip, chips, precision, FITTED)
    found = case(profile, offer.chip, chips, precision, prompt=shapes["prompt"], output=shapes["output"])
    if isinstance(found, Violation) or isinstance(speed, Violation):
        return ()
    sum_ = _Sum(service=service, found=found, speed=speed)
    return (*sum_.prompt(), *sum_.token(), *(sum_.placed(placed) if placed else sum_.stable()), *sum_.memory(placed))


class _Sum:
    """`speed` is what `found` was made of."""

    def __init__(self, *, service: InferenceService, found: Case, speed: LanguageSpeed) -> None:
        self.service, self.found, self.speed = service, found, speed

    def times(self, stage: Stage, name: str, of: Callable[[Turn], float], how: str = "") -> WorkingLine:
        """A time, which is the longest at the slow end."""
        found = self.found
        ends = (of(turn) for turn in (found.fast, found.expected, found.slow))
        return WorkingLine(stage=stage, name=name, figure=found.figure("s", *ends), how=how)

    def sheet(self, stage: Stage, name: str, value: float, unit: str, how: str) -> WorkingLine:
        """What is the same at both ends: the factor between them goes on the times."""
        return WorkingLine(stage=stage, name=name, figure=self.found.figure(unit, value, value, value), how=how)

    def prompt(self) -> Iterator[WorkingLine]:
        turn, speed = self.found.expected, self.speed
        yield WorkingLine(
            stage=Stage.prompt, name="tokens of a prompt", figure=_declared(turn.prompt, "tokens", "spec.traffic.shapes.prompt")
        )
        flops = speed.model.prefill_flops(turn.prompt) / speed.chips
        yield self.sheet(
            Stage.prompt, "operations on each chip", flops, "FLOP", _each(speed, "a part of them on each of {} chips")
        )
        yield self.sheet(
            Stage.prompt, "what a chip realises", speed.flops_per_s, "FLOP/s", "its data sheet's peak, less what is lost"
        )
        yield self.times(Stage.prompt, "reading a prompt", lambda t: t.prompt_s, _beside(speed, "operations over that"))
        yield self.times(Stage.prompt, "around a request", lambda t: t.request_s, "until its first token is seen")

    def token(self) -> Iterator[WorkingLine]:
        turn, speed = self.found.expected, self.speed
        context = turn.prompt + turn.output // 2
        yield WorkingLine(
            stage=Stage.token, name="tokens of an answer", figure=_declared(turn.output, "tokens", "spec.traffic.shapes.output")
        )
        yield self.sheet(Stage.token, "weights read in a step", speed.reading.bytes(1), "B", "by each chip, for one sequence")
        cache = speed.sequence_bytes(context)
        yield self.sheet(Stage.token, "cache read a sequence", cache, "B", f"by each chip, at {context:,} tokens: half way")
        yield self.sheet(
            Stage.token,
            "what a chip realises",
            speed.bandwidth_bytes_per_s,
            "B/s",
            "its data sheet's bandwidth, less what is lost",
        )
        yield self.times(Stage.token, "a step of 1 sequence", lambda t: t.step_s(1), "both over that, and its kernels' launches")
        if turn.limit > 1:
            how = "the most that run at once"
            yield self.times(Stage.token, f"a step of {turn.limit}", lambda t: t.step_s(t.limit), how)

    def stable(self) -> Iterator[WorkingLine]:
        figure = self.found.rate(Turn.capacity_per_s)
        yield WorkingLine(stage=Stage.capacity, name="rate of a full server", figure=figure, how="whatever the limits are")

    def placed(self, placement: Placement) -> Iterator[WorkingLine]:
        prediction, servers = placement.prediction, self._servers(placement)
        rate = prediction.rate_per_s / servers
        one = "a replica" if placement.instances == 1 else f"each of a replica's {placement.instances} servers"
        what = f"at {format_rate(rate)} {one}" if rate else "idle"
        yield self.sheet(Stage.queue, "busy", prediction.utilization, "of the time", what)
        running = self.found.expected.running(rate)
        yield self.sheet(Stage.queue, "running at a time", running, "sequences", "on average, by Little's law")
        asked = {(limit.of, limit.percentile): limit.seconds for limit in limits(self.service)}
        for of, figures in (("ttft", prediction.ttft_s), ("tpot", prediction.tpot_s), ("latency", prediction.latency_s)):
            yield from _percentiles(of, figures, asked)
        yield from self.stable()
        how = f"the limits hold, with {1 - DERATING:.0%} to spare"
        planned = prediction.capacity_per_s.scaled(1 / servers)
        yield WorkingLine(stage=Stage.capacity, name=f"to plan for, {one}", figure=planned, how=how)
        yield from self._replicas(placement)

    def _servers(self, placement: Placement) -> int:
        """Those that the traffic needs: spare ones for availability carry nothing that is counted on."""
        of_one = self.found.expected.capacity_per_s()
        prediction = placement.prediction
        if not prediction.rate_per_s or not prediction.utilization:
            return placement.replicas * placement.instances
        return max(1, round(prediction.rate_per_s / (prediction.utilization * of_one)))

    def _replicas(self, placement: Placement) -> Iterator[WorkingLine]:
        bounds, prediction = Bounds.of(self.service, placement.offer), placement.prediction
        if prediction.rate_per_s:
            figure = _declared(prediction.rate_per_s, "1/s", "spec.traffic and spec.slo")
            yield WorkingLine(stage=Stage.replicas, name="rate to carry", figure=figure)
        most = f", {bounds.most} at most" if bounds.is_limited else ""
        how = f"by the slow end of what one carries; {bounds.least} at least{most}"
        count = _declared(placement.replicas, "replicas", _MODEL)
        yield WorkingLine(stage=Stage.replicas, name="replicas at peak", figure=count, how=how)
        if placement.expected_replicas is not None:
            mean = _declared(placement.expected_replicas, "replicas", _MODEL)
            yield WorkingLine(
                stage=Stage.replicas, name="replicas in the mean", figure=mean, how="over a month of the declared traffic"
            )
        yield WorkingLine(stage=Stage.replicas, name="all of them carry", figure=prediction.capacity_per_s)

    def memory(self, placement: Placement | None) -> Iterator[WorkingLine]:
        """Of one chip."""
        room, speed = self.found.room, self.speed
        yield self.sheet(Stage.memory, "weights", speed.weight_bytes(), "B", _each(speed, "a part of them on each of {} chips"))
        rest = room.fixed_bytes - speed.weight_bytes()
        yield self.sheet(Stage.memory, "activations and engine", rest, "B", "")
        yield self.sheet(Stage.memory, "cache of a sequence", room.sequence_bytes, "B", "half way through its answer")
        most = _declared(room.sequences, "sequences", _MODEL)
        yield WorkingLine(stage=Stage.memory, name="sequences at once", figure=most, how="what fits, as far as engines go")
        used = placement.prediction.memory_bytes if placement else room.used_bytes
        yield WorkingLine(stage=Stage.memory, name="a chip needs", figure=used)
        usable = _declared(room.usable_bytes, "B", f"{USABLE_SHARE:.0%} of the chip's memory")
        yield WorkingLine(stage=Stage.memory, name="usable", figure=usable)


def _percentiles(of: str, figures: Mapping[int, Figure], asked: Mapping[tuple[str, int], float]) -> Iterator[WorkingLine]:
    names = {"ttft": "ttft ", "tpot": "tpot ", "latency": ""}
    for percentile, figure in sorted(figures.items()):
        limit = asked.get((of, percentile))
        how = f"asked: {format_duration(limit)}" if limit else ""
        yield WorkingLine(stage=Stage.queue, name=f"{names[of]}p{percentile}", figure=figure, how=how)


def _beside(speed: LanguageSpeed, how: str) -> str:
    return how if speed.chips == 1 else f"{how}, and what chips exchange"


def _each(speed: LanguageSpeed, how: str) -> str:
    return how.format(speed.chips) if speed.chips > 1 else ""


def _declared(value: float, unit: str, source: str) -> Figure:
    return Figure(value=float(value), unit=unit, low=float(value), high=float(value), basis=Basis.declared, source=source)
