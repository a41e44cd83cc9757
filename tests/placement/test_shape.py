"""How a replica may be cut, and what the usual size of a request makes of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from infractl.domain.figure import Basis, Figure
from infractl.domain.measurement import Measurements
from infractl.domain.work import Family, Product, TimedWork, Work
from infractl.placement.shape import shapes
from infractl.profile.onnx import profile_onnx
from infractl.tensors import Dtype

RELAXED = {"slo": {"latency": {"p99": "1s"}}}


@given(cores=st.integers(1, 200), items=st.integers(1, 100))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_shape_has_cores_for_its_threads_and_the_simplest_comes_first(planner, offer, cores: int, items: int) -> None:
    service = planner.service(traffic={"shapes": {"batch": items}})
    found = shapes(service, planner.profiles["small"], replace(offer, chip=replace(offer.chip, cores=cores)))

    assert all(shape.instances * shape.threads <= cores for shape in found)
    assert len(set(found)) == len(found)
    assert (found[0].instances, found[0].threads, found[0].batch) == (1, 1, items)
    assert any(shape.instances == cores for shape in found) and any(shape.threads == cores for shape in found)
    assert [s.instances * s.threads for s in found] == sorted(s.instances * s.threads for s in found)
    assert all(shape.batch % items == 0 for shape in found)


def test_accelerators_are_tried_with_larger_batches_than_cores(planner, offer) -> None:
    accelerated = replace(offer, chip=replace(offer.chip, cores=0), count=2)
    largest = [max(s.batch for s in shapes(planner.service(), planner.profiles["small"], on)) for on in (offer, accelerated)]

    assert largest == [32, 128]


def test_a_request_of_eight_items_takes_the_capacity_of_eight(planner) -> None:
    one, eight = (
        planner("large", serving={"batching": {"maxBatch": 8}}, traffic={"peak": "10/s", "shapes": {"batch": items}})
        .ranked[0]
        .placement.prediction.capacity_per_s.value
        for items in (1, 8)
    )

    assert eight == pytest.approx(one / 8, rel=0.15)


def test_a_request_of_more_items_than_a_batch_may_have_is_served_alone(planner) -> None:
    of_four = planner("large", serving={"batching": "off"}, traffic={"peak": "10/s", "shapes": {"batch": 4}}).ranked[0].placement
    of_one = planner("large", serving={"batching": "off"}, traffic={"peak": "10/s"}).ranked[0].placement

    assert of_four.batch == of_one.batch == 1
    assert of_four.prediction.latency_s[50].value > of_one.prediction.latency_s[50].value


@pytest.fixture(scope="module")
def sequences(tmp_path_factory):
    """A product along a sequence whose length no file tells."""
    path = tmp_path_factory.mktemp("sequence") / "sequence.onnx"
    weight = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    shape = ["batch", "sequence", 64]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "sequence",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [weight],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return replace(profile_onnx(path, path.parent), executed=None)


def test_a_promise_needs_the_size_of_every_dimension(planner, sequences) -> None:
    planner = replace(planner, profiles={"sequences": sequences})

    unknown = planner("sequences", **RELAXED)
    known = planner("sequences", **RELAXED, traffic={"shapes": {"sequence": 128}})

    assert [v.code for e in unknown.refused for v in e.violations] == ["no-figures"]
    assert known.ranked and {f.basis for f in known.ranked[0].placement.prediction.latency_s.values()} == {Basis.calibrated}


def test_longer_requests_take_longer_and_more_memory(planner, sequences) -> None:
    planner = replace(planner, profiles={"sequences": sequences})
    short, long = (
        planner("sequences", traffic={"shapes": {"sequence": length}}).ranked[0].placement.prediction for length in (16, 4096)
    )

    assert long.latency_s[50].value > 10 * short.latency_s[50].value
    assert long.memory_bytes.value > short.memory_bytes.value


def timed(rows: float, threads: int, seconds: float) -> TimedWork:
    product = Product(count=1, rows=rows, depth=1024, columns=1024)
    work = Work(
        family=Family.product,
        operator="",
        dtype=Dtype.float32,
        flops=2 * rows * 1024 * 1024,
        weight_bytes=4.0 * 1024 * 1024,
        activation_bytes=8.0 * rows * 1024,
        product=product,
    )
    figure = Figure(value=seconds, unit="s", low=seconds, high=seconds, basis=Basis.measured, source="a test")
    return TimedWork(work=work, threads=threads, seconds=figure)


def test_threads_are_taken_where_one_alone_is_too_slow_for_a_limit(planner, calibration) -> None:
    """Neither batches nor instances shorten the call of one request; threads do, as far as they were calibrated to."""
    kernels = tuple(timed(rows, threads, rows * 1e-3 / threads**0.9) for rows in (1, 8, 64) for threads in (1, 2, 4))
    known = Measurements(calibrations={calibration.chip: replace(calibration, kernels=kernels)})
    load = {"peak": "20/s"}
    alone = planner("middling", known=known, traffic=load).ranked[0].placement
    p99_s = alone.prediction.latency_s[99].high

    faster = planner("middling", known=known, traffic=load, slo={"latency": {"p99": f"{0.7 * p99_s * 1000:.3f}ms"}})

    assert (alone.instances, alone.threads) == (1, 1)
    chosen = faster.ranked[0].placement
    assert (chosen.instances, chosen.threads > 1) == (1, True)
    assert chosen.prediction.latency_s[99].value < alone.prediction.latency_s[99].value


def test_without_calibrated_threads_none_are_taken(planner) -> None:
    decision = planner("large", slo={"latency": {"p99": "0.3ms"}}, traffic={"peak": "20/s"})

    assert not decision.ranked
    assert decision.refused[0].placement.threads == 1
