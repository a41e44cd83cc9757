"""`spec.traffic`: the load to plan for."""

from collections.abc import Mapping
from typing import Annotated, Literal

from infractl.spec.quantity import PerSecond, Share
from infractl.spec.schema.field import Section, option, required
from infractl.spec.schema.shape import Number, Text
from infractl.spec.text import Name, Word

Dimension = Annotated[str, Text(named="dimension", least=1, most=60)]
Extent = Annotated[int, Number(whole=True, least=1, most=10_000_000)]


class Period(Section):
    """From this time on, until the next period begins, this much of the peak is expected."""

    cron: Word = required("When it begins: minute, hour, day of month, month, day of week.", example='"0 8 * * 1-5"')
    factor: Annotated[float, Number(least=0, most=1)] = required("Traffic as a part of `traffic.peak`.", example="0.2")


class ModelTraffic(Section):
    """What one of several models gets of a service's traffic."""

    share: Share = required("Its share of the requests.", example="80%")
    shapes: Mapping[Dimension, Extent] = option(
        "Usual extent of its named dimensions in one request; those of the service where it is left out.",
        default={},
        example="{batch: 8}",
    )


class Traffic(Section):
    """The load to plan for."""

    pattern: Literal["steady", "diurnal", "bursty", "sporadic"] = option(
        "How requests arrive: evenly, by the time of day, in bursts, or seldom with long pauses.",
        default="steady",
    )
    average: PerSecond | None = option("Mean request rate over a month; costs are expected at it.", default=None, example="600/s")
    peak: PerSecond | None = option(
        "Highest request rate; the placement is made for it, or for `slo.throughput` where that is larger.",
        default=None,
        example="2000/s",
    )
    shapes: Mapping[Dimension, Extent] = option(
        "Usual extent of the model's named dimensions in one request; a language model's are `prompt` and `output`, in tokens.",
        default={},
        example="{batch: 1, sequence: 128}",
    )
    models: Mapping[Name, ModelTraffic] = option(
        "What each of `spec.models` gets; the same for all where it is left out.",
        default={},
        example="{ranker: {share: 80%}, embedder: {share: 20%}}",
        acted_on=False,
    )
    schedule: tuple[Period, ...] = option(
        "When traffic changes, so that replicas are there before it does.",
        default=(),
        example='[{cron: "0 8 * * 1-5", factor: 1.0}]',
    )
    time_zone: Word = option(
        "The time zone of the schedule, by its IANA name.",
        default="UTC",
        example="Europe/Berlin",
    )
