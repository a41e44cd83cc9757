"""A decision among 400 offers and their recipes takes less than a second for a model of 1,000 nodes, and 1,000 services a minute.

The offers are those of the clouds' catalogues, filled up with the same machines under other names, at other prices and in other
regions. Every service asks for something of its own, of one of a few models: what is known of a model on a chip is kept from one
to the next. `growth` is what a decision takes among 400 offers over one among 100, once that is known.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.harness.benchmark import start
from benchmarks.harness.figure import Figure
from infractl.domain.measurement import Measurements
from infractl.domain.offer import Offer
from infractl.domain.profile import ModelProfile
from infractl.domain.unknown import Unknown
from infractl.placement.place import place
from infractl.placement.shorten import LISTED, shortened
from infractl.profile.onnx import profile_onnx
from infractl.provider.contract import Target
from infractl.spec.service import InferenceService
from infractl.spec.validate import validate

OFFERS, FEW, NODES, SERVICES, MODELS = 400, 100, 1000, 1000, 5
NOTHING = Measurements(calibrations={})
TARGETS = ("sagemaker", "vertex")


def measure(quick: bool) -> Iterator[Figure]:
    with TemporaryDirectory() as folder:
        offers = catalogue(OFFERS)
        print(f"{len(offers)} offers: {dict(Counter(str(offer.chip.hardware_class) for offer in offers))}")
        profile = model(Path(folder) / "large.onnx", NODES)
        first_s = _seconds(partial(_decide, profile, offers, 0))
        print(f"the first decision for {NODES} nodes: {first_s:.2f} s")
        yield Figure(name="decision_s", value=first_s, unit="s", goal="< 1")
        again_s = statistics.median(_seconds(partial(_decide, profile, offers, n)) for n in range(1, 6))
        few_s = statistics.median(_seconds(partial(_decide, profile, offers[:FEW], n)) for n in range(1, 6))
        print(f"the next ones: {again_s:.3f} s, and among {FEW} offers {few_s:.3f} s")
        yield Figure(name="growth", value=again_s / few_s, unit="ratio", goal=f"<= {1.5 * OFFERS / FEW:g}")
        yield _many(Path(folder), offers, 50 if quick else SERVICES)


def _many(folder: Path, offers: Sequence[Offer], services: int) -> Figure:
    """As many as are measured, scaled to 1,000: the first service of a model finds out what the others of it know."""
    profiles = [model(folder / f"{n}.onnx", 40 + 30 * n) for n in range(MODELS)]
    seconds = [_seconds(partial(_decide, profiles[n % MODELS], offers, n)) for n in range(services)]
    first_s, others_s = sum(seconds[:MODELS]), statistics.mean(seconds[MODELS:])
    each_s = f"the first of each model {first_s / MODELS:.3f} s, the others {others_s:.3f} s"
    print(f"{services} services: {sum(seconds):.1f} s, {each_s}")
    return Figure(name="services_1000_s", value=first_s + (SERVICES - MODELS) * others_s, unit="s", goal="< 60")


def _decide(profile: ModelProfile, offers: Sequence[Offer], number: int) -> None:
    """As a plan decides."""
    decision = shortened(place(service(number), profile, offers, NOTHING, hopeful=TARGETS, listed=LISTED))
    assert decision.ranked, "something of so many is feasible"


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def catalogue(count: int) -> list[Offer]:
    """The offers of both clouds, and as many more of their like as are missing."""
    from pydantic import BaseModel

    from infractl_aws.offers import offers as of_sagemaker
    from infractl_gcp.offers import offers as of_vertex

    class Nothing(BaseModel):
        """No settings."""

    places = {"sagemaker": (of_sagemaker, "us-east-1"), "vertex": (of_vertex, "us-central1")}
    real = [
        offer
        for name, (known, region) in places.items()
        for offer in known(Target(name=name, provider=name, settings=Nothing()), region)
    ]
    # In turns, so that the first ones are of all sorts.
    real = [real[index] for index in np.random.default_rng(0).permutation(len(real))]
    more = [_like(real[n % len(real)], n) for n in range(max(0, count - len(real)))]
    return [*real, *more][:count]


def _like(offer: Offer, number: int) -> Offer:
    """The same machine elsewhere, a little dearer."""
    part = Decimal(1) + Decimal(number % 37 + 1) / 100
    tariff = tuple(rate if isinstance(rate.price, Unknown) else replace(rate, price=rate.price * part) for rate in offer.tariff)
    return replace(offer, name=f"{offer.name}-{number}", region=f"region-{number}", tariff=tariff)


def service(number: int) -> InferenceService:
    """A service that asks for what no other does."""
    spec = {
        "model": {"uri": "model.onnx", "version": "1", "validation": {"data": "held-out.npz"}},
        "slo": {"latency": {"p99": f"{100 + number % 200}ms"}},
        "traffic": {"peak": f"{20 + 3 * number}/s", "average": f"{5 + number}/s"},
    }
    document = {
        "apiVersion": "infractl.dev/v1",
        "kind": "InferenceService",
        "metadata": {"name": f"service-{number}"},
        "spec": spec,
    }
    return validate(InferenceService, document)


def model(path: Path, nodes: int) -> ModelProfile:
    """A chain of products and activations, of which hardly two cost the same."""
    sizes = [64 + layer % 97 for layer in range(nodes // 2 + 1)]
    rng = np.random.default_rng(nodes)
    weights = [
        numpy_helper.from_array(rng.standard_normal((before, after)).astype(np.float32), f"w{layer}")
        for layer, (before, after) in enumerate(pairwise(sizes))
    ]
    steps = [
        node
        for layer in range(nodes // 2)
        for node in (
            helper.make_node("MatMul", [f"r{layer - 1}" if layer else "x", f"w{layer}"], [f"h{layer}"]),
            helper.make_node("Relu", [f"h{layer}"], [f"r{layer}"]),
        )
    ]
    graph = helper.make_graph(
        steps,
        "chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", sizes[0]])],
        [helper.make_tensor_value_info(f"r{nodes // 2 - 1}", TensorProto.FLOAT, ["batch", sizes[nodes // 2]])],
        weights,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return replace(profile_onnx(path, path.parent), executed=None)


if __name__ == "__main__":
    start(measure, __doc__, ("numpy", "onnx"))
