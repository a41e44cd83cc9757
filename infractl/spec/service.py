"""The `InferenceService` document as a whole. Each field's text is its documentation; the sections are in `section`."""

from collections.abc import Mapping
from typing import Literal

from infractl.spec.schema.field import Section, option, required
from infractl.spec.section.budget import Budget
from infractl.spec.section.hardware import Hardware
from infractl.spec.section.lifecycle import Lifecycle, Replan
from infractl.spec.section.mode import Asynchronous, Batch
from infractl.spec.section.model import Model
from infractl.spec.section.monitoring import Monitoring
from infractl.spec.section.optimize import Optimize
from infractl.spec.section.rollout import Rollout
from infractl.spec.section.serving import Serving
from infractl.spec.section.slo import Slo
from infractl.spec.section.traffic import Traffic
from infractl.spec.text import LabelKey, LabelValue, Name, Word


class Metadata(Section):
    """Who the service is."""

    name: Name = required("The service's name, unique in the project.", example="fraud")
    description: Word | None = option("What it is for, for people.", default=None, example="Scores card payments.")
    labels: Mapping[LabelKey, LabelValue] = option(
        "Labels for people and cost reports, such as the team.", default={}, example='{team: risk, cost-center: "4711"}'
    )


class ServiceSpec(Section):
    """The service itself: what is served, what it must keep, what it may cost."""

    mode: Literal["realtime", "async", "batch"] = option(
        "Whether requests are answered at once, queued, or read from files in runs.", default="realtime"
    )
    model: Model | None = option("The model to serve.", default=None, example='{uri: ./models/fraud.onnx, version: "3"}')
    models: Mapping[Name, Model] = option(
        "Several models behind one service, by name, instead of `model`.",
        default={},
        example='{small: {uri: small.onnx, version: "1"}, large: {uri: large.onnx, version: "4"}}',
    )
    slo: Slo = option("What the service must keep.", default=Slo(), example="{latency: {p99: 20ms}, throughput: 2000/s}")
    traffic: Traffic = option("The load to plan for.", default=Traffic(), example="{average: 600/s, peak: 2000/s}")
    budget: Budget = option("What it may cost.", default=Budget(), example="{monthly: 1500 USD}")
    hardware: Hardware = option("What it may run on.", default=Hardware(), example="{classes: [cpu, gpu]}")
    targets: tuple[Name, ...] = option("Targets of infractl.yaml it may run at; empty means all.", default=(), example="[local]")
    optimize: Optimize = option(
        "How far the model may be changed.", default=Optimize(), example="{level: safe, limit: {time: 10m}}"
    )
    serving: Serving = option("How it is served.", default=Serving(), example="{warmup: 3, timeout: 2s}")
    async_: Asynchronous | None = option(
        "Where answers go, for the mode `async`.",
        default=None,
        example="{output: s3://acme-answers/fraud/, retention: 7d}",
        acted_on=False,
    )
    batch: Batch | None = option(
        "What is read and written, for the mode `batch`.",
        default=None,
        example="{input: s3://acme-data/users/, output: s3://acme-data/scores/}",
        acted_on=False,
    )
    rollout: Rollout = option(
        "How a new release takes over.",
        default=Rollout(),
        example="{strategy: canary, steps: [5%, 25%, 100%], bake: 2m}",
        acted_on=False,
    )
    monitoring: Monitoring = option(
        "What is measured in production.", default=Monitoring(), example="{metrics: prometheus, sample: 1%}", acted_on=False
    )
    lifecycle: Lifecycle = option("What apply must leave alone.", default=Lifecycle(), example="{protect: true}")
    replan: Replan = option("When a recorded placement is given up.", default=Replan(), example="{tolerance: 5%}")


class InferenceService(Section):
    """A model and the promises that its service must keep."""

    api_version: Literal["infractl.dev/v1"] = required("Version of this document's format.", example="infractl.dev/v1")
    kind: Literal["InferenceService"] = required("What this document declares.", example="InferenceService")
    metadata: Metadata = required("Name and labels.", example="{name: fraud, labels: {team: risk}}")
    spec: ServiceSpec = required("The service itself.", example='{model: {uri: ./models/fraud.onnx, version: "3"}}')

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def model(self) -> Model:
        """The model of a service that has one: `spec.models` is refused before anything acts on it."""
        assert self.spec.model is not None
        return self.spec.model

    @property
    def peak_per_s(self) -> float | None:
        """The rate to place for: the larger of peak traffic and promised throughput; None where neither is declared."""
        rates = [r for r in (self.spec.traffic.peak, self.spec.slo.throughput, self.spec.traffic.average) if r is not None]
        return max(rates, default=None)
