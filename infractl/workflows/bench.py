"""`bench`: measure a running service as its clients see it, and keep what was measured for the next plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from infractl.domain.address import ServiceKey
from infractl.domain.bench import Bench, Scenario
from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import Measurement, holds_requests, shape_of
from infractl.domain.placement import Prediction
from infractl.domain.release import Release, ServingConfig
from infractl.domain.verdict import same_rate, up_to
from infractl.errors import StateError
from infractl.measure.bench.data_file import read_requests
from infractl.measure.bench.generated import generated
from infractl.measure.bench.job import ClosedJob
from infractl.measure.bench.measure import USUAL, Measured, bounds_of, figures_of, measure
from infractl.measure.bench.terms import Terms
from infractl.measure.bench.tool import NAME, Send, sender
from infractl.measure.bench.turn import only_one
from infractl.measure.machine import machine_facts
from infractl.measure.quiet import quiet
from infractl.measure.server import MeasureError
from infractl.spec.load import LoadedService
from infractl.workflows.answering import Answering, answering
from infractl.workflows.observe import known
from infractl.workflows.workspace import Workspace

Progress = Callable[[str], None]

LEAST_CONNECTIONS = 8
MOST_CONNECTIONS = 64
"""Of the saturation, where nobody says how many: enough for every session to gather a batch while it runs one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What the user asks for; None and empty: what is usual. `data` is a file of requests, `publish` lets others see it."""

    duration_s: float
    scenarios: tuple[Scenario, ...] = ()
    rate_per_s: float | None = None
    connections: int | None = None
    data: Path | None = None
    publish: bool = False


def bench(workspace: Workspace, service: str, options: BenchOptions, progress: Progress) -> Bench:
    """Raises UsageError where nothing answers, MeasureError where it does not answer what it is asked.

    A measurement that failed on its way is given back as far as it came, with its `failure`, and is not stored.
    """
    found = answering(workspace, service)
    loaded = next((s for s in workspace.loaded.services if s.service.name == service), None)
    terms, notes = _terms(found.release, loaded, options)
    send = sender(found.address)
    with only_one() as alone:
        disturbances = _disturbances(workspace, found.key, alone)
        notes += [*disturbances, *_differences(workspace, found, loaded)]
        for note in notes:
            progress(note)
        probe(send, terms, found.url)
        measured = measure(options.scenarios or USUAL, terms, send, progress)
        # Whoever came later disturbs as well.
        disturbances = list(dict.fromkeys([*disturbances, *_disturbances(workspace, found.key, alone)]))
    changed = _changed(workspace, found)
    measurement = _measurement(workspace, found, terms, measured, disturbances)
    result = Bench(
        key=found.key,
        version=found.release.version,
        url=found.url,
        measurement=measurement,
        runs=measured.runs,
        skipped=measured.skipped,
        predicted=predicted(found.release.placement.prediction, terms.rate_per_s),
        promised=_promised(loaded, found.release, terms),
        notes=tuple(notes),
        failure=measured.failure or changed,
    )
    return result if result.failure else _kept(workspace, result, options.publish)


CHANGED = "the service was changed while it was measured"


def failed(result: Bench) -> MeasureError:
    """What a measurement that failed ends with."""
    remedy = "read the server's log and see `infractl status`; a service that refuses some requests is measured with --data"
    if result.failure == CHANGED:
        remedy = "measure again once the change has ended"
    elif any(run.gone for run in result.runs):
        remedy = "`infractl status` says whether it runs, and `infractl apply` makes it run again; then measure again"
    return MeasureError.of(
        "bench-failed",
        summary="the service could not be measured; nothing was stored",
        detail=result.failure,
        at=result.url,
        remedy=remedy,
    )


def probe(send: Send, terms: Terms, url: str) -> None:
    """One request of each sort, so that a whole load of refused ones is never sent. Raises MeasureError."""
    for requests in (terms.requests, terms.whole):
        once = ClosedJob(streams=1, seconds=terms.timeout_s, most_s=terms.timeout_s, most=1, timeout_s=terms.timeout_s)
        load = send(once, requests.bodies[:1])
        if load.errors:
            raise MeasureError.of(
                "bench-refused",
                summary="the service does not answer the requests that it is to be measured with",
                detail=f"{load.first_error} ({requests.source})",
                at=url,
                remedy="pass requests that it takes with --data, or name the usual size of each dimension in spec.traffic.shapes",
            )


def _terms(release: Release, loaded: LoadedService | None, options: BenchOptions) -> tuple[Terms, list[str]]:
    signature, config = release.artifact.signature, release.config
    spec = loaded.service.spec if loaded else None
    extents = dict(spec.traffic.shapes) if spec else {}
    batch = str(signature.inputs[0].shape[0]) if signature.batched else None
    if options.data is not None:
        requests = read_requests(options.data, signature, extents.get(batch or "", 1))
    else:
        requests = generated(signature, extents)
    whole = requests
    if batch is not None and options.data is None and Scenario.offline in options.scenarios:
        whole = generated(signature, {**extents, batch: max(config.max_batch, requests.items)})
    unknown = [] if options.data else [axis for axis in requests.extents if axis not in extents and axis != batch]
    notes = [f"spec.traffic.shapes does not say how large {axis} usually is: it is taken as 1" for axis in unknown]
    terms = Terms(
        requests=requests,
        whole=whole,
        rate_per_s=options.rate_per_s or (loaded.service.peak_per_s if loaded else None),
        limits_s=spec.slo.latency.limits_s if spec else {},
        duration_s=options.duration_s,
        connections=options.connections or _connections(config),
    )
    return terms, notes


def _connections(config: ServingConfig) -> int:
    return min(MOST_CONNECTIONS, max(LEAST_CONNECTIONS, 2 * config.instances * config.max_batch))


def _disturbances(workspace: Workspace, key: ServiceKey, alone: bool) -> list[str]:
    """What may make the figures worse than the service is."""
    notes = []
    if not alone:
        notes.append("another infractl bench runs on this machine: each measures the other")
    if holder := workspace.stores.state.holder(key):
        notes.append(f"{holder.command} is changing the service (pid {holder.pid} on {holder.host})")
    if not quiet(workspace.clock):
        notes.append("other work keeps this machine busy")
    return notes


def _differences(workspace: Workspace, found: Answering, loaded: LoadedService | None) -> list[str]:
    if loaded is None:
        return ["the service is not declared any more: neither its rate nor its limits are known"]
    if found.state.spec_digest != loaded.digest:
        return [f"it is declared differently from what was applied, and compared with the document: see {workspace.call('plan')}"]
    return []


def _changed(workspace: Workspace, found: Answering) -> str:
    """Why the figures belong to no one release; empty where they do."""
    after = known(workspace, found.key).state
    if after is not None and (after.lineage, after.serial) == (found.state.lineage, found.state.serial):
        return ""
    return CHANGED


def _measurement(
    workspace: Workspace, found: Answering, terms: Terms, measured: Measured, disturbances: Sequence[str]
) -> Measurement:
    release, runs = found.release, measured.runs
    ran = {run.scenario for run in runs}
    return Measurement(
        artifact=release.artifact.digest,
        chip=release.placement.offer.chip.name,
        machine=machine_facts() if found.is_here else {},
        config=shape_of(release.config),
        at=workspace.clock.now(),
        figures=figures_of(runs),
        rate_per_s=(terms.rate_per_s or 0.0) if Scenario.server in ran else 0.0,
        limits_s=terms.limits_s if Scenario.capacity in ran else {},
        extents=terms.requests.extents,
        scenarios=tuple(run.scenario.value for run in runs),
        requests=sum(run.requests for run in runs),
        errors=sum(run.errors for run in runs),
        load=NAME,
        bounds=tuple(sorted({*bounds_of(runs), *_unfilled(release.config, terms)})),
        disturbances=tuple(disturbances),
    )


def _unfilled(config: ServingConfig, terms: Terms) -> Sequence[str]:
    """The saturation is a floor where so few clients could not fill the batches of all sessions."""
    return ["saturation"] if terms.connections * terms.requests.items < config.instances * config.max_batch else []


def predicted(prediction: Prediction, rate_per_s: float | None) -> dict[str, Figure]:
    """What was predicted, by the measurement's names: of a service without traffic alone, else at its rate, if it is this one."""
    figures = {"capacity": prediction.capacity_per_s}
    if not prediction.rate_per_s:
        figures |= {f"alone_p{p}": figure for p, figure in prediction.latency_s.items()}
    elif rate_per_s is not None and same_rate(rate_per_s, prediction.rate_per_s):
        figures |= {f"p{p}": figure for p, figure in prediction.latency_s.items()}
    return figures


def _promised(loaded: LoadedService | None, release: Release, terms: Terms) -> Mapping[str, Figure]:
    """What is promised of such requests; of latencies nothing below the declared peak, where keeping them says little."""
    if loaded is None:
        return {}
    spec, peak_per_s = loaded.service.spec, loaded.service.peak_per_s or 0.0
    if not holds_requests(terms.requests.extents, release.artifact.signature, spec.traffic.shapes):
        return {}
    slo = spec.slo
    promised: dict[str, Figure] = {}
    if up_to(peak_per_s, terms.rate_per_s or 0.0):
        promised |= {f"p{p}": _declared(limit, "s", f"slo.latency.p{p}") for p, limit in slo.latency.limits_s.items()}
    if slo.throughput is not None:
        name = "capacity" if slo.latency.limits_s else "saturation"
        promised[name] = _declared(slo.throughput, "1/s", "slo.throughput")
    return promised


def _declared(value: float, unit: str, source: str) -> Figure:
    return Figure(value=value, unit=unit, low=value, high=value, basis=Basis.declared, source=source)


def _kept(workspace: Workspace, result: Bench, publish: bool) -> Bench:
    """Stored, unless the store is one that others share and nobody said that they may see it."""
    store = workspace.loaded.project.stores.measurements
    if not result.measurement.figures:
        return replace(result, why_not="no figure could be measured")
    if "://" in store and not publish:
        return replace(result, why_not=f"others share {store}, where it would be kept: add --publish")
    try:
        return replace(result, stored=workspace.stores.measurements.put(result.measurement))
    except StateError as error:
        # What was measured is shown all the same.
        return replace(result, why_not="; ".join(str(d) for d in error.diagnostics))
