"""The `InferenceService` document: what is acted on so far. Every field has a description, which is its documentation."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Strict, Tag, WithJsonSchema

from infractl.domain.hardware_class import HardwareClass
from infractl.spec.quantity import Amount, PerSecond, Seconds, Share

NAME_PATTERN = r"^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$"
DIGEST_PATTERN = r"^[0-9a-f]{64}$"
VERSION_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._+-]*$"

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
"""Lower-case letters, digits and hyphens, at most 40: within every cloud's limits once a suffix is added."""

Version = Annotated[str, Field(min_length=1, max_length=40, pattern=VERSION_PATTERN)]
"""It becomes a part of URLs and of file names."""


def _plain_digest(value: Any) -> Any:
    """Plans and other tools print a digest with `sha256:` in front, some in upper case."""
    return value.lower().removeprefix("sha256:") if isinstance(value, str) else value


Digest = Annotated[
    str,
    BeforeValidator(_plain_digest),
    Field(pattern=DIGEST_PATTERN),
    WithJsonSchema({"type": "string", "pattern": "^([Ss][Hh][Aa]256:)?[0-9A-Fa-f]{64}$"}),
]

Count = Annotated[int, Strict()]
"""A whole number as such: neither `true` nor a text with digits is one."""


# A discriminator decides which alternative a value means, so that its errors speak of that one alone.
def _word_or_mapping(value: Any) -> str:
    return "(mapping)" if isinstance(value, dict | BaseModel) else "(word)"


def _word_or_number(value: Any) -> str:
    return "(word)" if isinstance(value, str) else "(number)"


class Section(BaseModel):
    """A mapping in the document: unknown keys are errors, values do not change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Metadata(Section):
    name: Name = Field(description="The service's name, unique in the project.")
    labels: dict[str, str] = Field(default={}, description="Labels for people and cost reports, such as the team.")


class Model(Section):
    uri: str = Field(min_length=1, description="Path of the model file, relative to the document.")
    version: Version = Field(description="Your word for this version; a new one makes a new release.")
    sha256: Digest | None = Field(default=None, description="The file's sha256; another content is then an error.")


class Latency(Section):
    p50: Seconds | None = Field(default=None, description="Half of the requests are answered within this time.")
    p95: Seconds | None = Field(default=None, description="95% of the requests are answered within this time.")
    p99: Seconds | None = Field(default=None, description="99% of the requests are answered within this time.")

    @property
    def limits_s(self) -> dict[int, float]:
        """The limits that are set, by percentile, in seconds."""
        given = {50: self.p50, 95: self.p95, 99: self.p99}
        return {percentile: limit for percentile, limit in given.items() if limit is not None}


class Slo(Section):
    latency: Latency = Field(default=Latency(), description="Latency limits by percentile, at peak traffic.")
    throughput: PerSecond | None = Field(default=None, description="The rate that must be sustained within the latency limits.")


class Traffic(Section):
    average: PerSecond | None = Field(default=None, description="Mean request rate over a month; costs are expected at it.")
    peak: PerSecond | None = Field(default=None, description="Highest request rate; the placement is made for it.")


class Budget(Section):
    monthly: Amount | None = Field(default=None, description="The most that the service may cost a month.")


class Hardware(Section):
    classes: tuple[HardwareClass, ...] = Field(
        default=tuple(HardwareClass), min_length=1, description="Hardware classes that may be used."
    )


class Batching(Section):
    max_batch: Count = Field(ge=1, le=4096, alias="maxBatch", description="The most items joined into one call of the model.")
    max_delay: Seconds = Field(default=0.0, alias="maxDelay", description="How long an idle session may wait for more items.")


class Serving(Section):
    batching: Annotated[
        Annotated[Literal["auto", "off"], Tag("(word)")] | Annotated[Batching, Tag("(mapping)")], Discriminator(_word_or_mapping)
    ] = Field(default="auto", description="`auto` derives the batch cap from the SLO; `off` serves one item a call; or set it.")
    max_concurrency: Annotated[
        Annotated[Literal["auto"], Tag("(word)")] | Annotated[Count, Field(ge=1, le=100_000), Tag("(number)")],
        Discriminator(_word_or_number),
    ] = Field(
        default="auto", alias="maxConcurrency", description="Requests admitted at once, queued ones included; the next get 503."
    )
    warmup: Annotated[Count, Field(ge=0, le=1000)] = Field(default=3, description="Calls before a release takes traffic.")
    non_finite: Literal["reject", "pass"] = Field(
        default="reject", alias="nonFinite", description="What happens to NaN and infinity in floating-point inputs."
    )


class Replan(Section):
    tolerance: Share = Field(default=0.1, description="A recorded placement stays while it is within this of the best.")


class ServiceSpec(Section):
    model: Model = Field(description="The model to serve.")
    slo: Slo = Field(default=Slo(), description="What the service must keep.")
    traffic: Traffic = Field(default=Traffic(), description="The load to plan for.")
    budget: Budget = Field(default=Budget(), description="What it may cost.")
    hardware: Hardware = Field(default=Hardware(), description="What it may run on.")
    targets: tuple[str, ...] = Field(default=(), description="Targets of infractl.yaml it may run at; empty means all.")
    serving: Serving = Field(default=Serving(), description="How it is served.")
    replan: Replan = Field(default=Replan(), description="When a recorded placement is given up.")


class InferenceService(Section):
    api_version: Literal["infractl.dev/v1"] = Field(alias="apiVersion", description="Version of this document's format.")
    kind: Literal["InferenceService"] = Field(description="What this document declares.")
    metadata: Metadata = Field(description="Name and labels.")
    spec: ServiceSpec = Field(description="The service itself.")

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def peak_per_s(self) -> float | None:
        """The rate to place for: the larger of peak traffic and promised throughput; None where neither is declared."""
        rates = [r for r in (self.spec.traffic.peak, self.spec.slo.throughput, self.spec.traffic.average) if r is not None]
        return max(rates, default=None)
