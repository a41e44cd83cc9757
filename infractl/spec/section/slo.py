"""`spec.slo`: what the service must keep."""

from infractl.spec.quantity import PerSecond, Seconds, Share
from infractl.spec.schema.field import Section, option


class Latency(Section):
    """Limits of a time by percentile, at peak traffic."""

    p50: Seconds | None = option("Half of the requests are answered within this time.", default=None, example="5ms")
    p95: Seconds | None = option("95% of the requests are answered within this time.", default=None, example="10ms")
    p99: Seconds | None = option("99% of the requests are answered within this time.", default=None, example="20ms")

    @property
    def limits_s(self) -> dict[int, float]:
        """The limits that are set, by percentile, in seconds."""
        given = {50: self.p50, 95: self.p95, 99: self.p99}
        return {percentile: limit for percentile, limit in given.items() if limit is not None}


class Slo(Section):
    """What the service must keep. `plan` refuses what no placement can meet."""

    latency: Latency = option(
        "From a request's arrival to the end of its answer, by percentile.",
        default=Latency(),
        example="{p50: 5ms, p95: 10ms, p99: 20ms}",
    )
    ttft: Latency = option("Time to first token of a language model, by percentile.", default=Latency(), example="{p95: 300ms}")
    tpot: Latency = option("Time per output token after the first, by percentile.", default=Latency(), example="{p95: 40ms}")
    throughput: PerSecond | None = option(
        "The rate of requests that must be sustained within the latency limits; the placement is made for it, or for "
        "`traffic.peak` where that is larger.",
        default=None,
        example="2000/s",
    )
    token_throughput: PerSecond | None = option(
        "Output tokens that a language model must give over all requests.", default=None, example="5000/s"
    )
    completion: Seconds | None = option(
        "An asynchronous request, or a whole batch run, is done within this time.", default=None, example="15m", acted_on=False
    )
    error_rate: Share | None = option(
        "The largest share of requests that may fail.", default=None, example="0.1%", acted_on=False
    )
    availability: Share | None = option("The share of time in which requests are answered.", default=None, example="99.9%")
