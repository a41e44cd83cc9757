"""What is fitted again answers as the original did; what cannot be pruned is left alone, with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto

from infractl.domain.value import Json
from infractl.optimizer.passes.contract import Made, PassRefusedError, Work
from infractl.optimizer.passes.prune import Prune
from infractl.optimizer.rows import Rows
from infractl.profile.content import profile_content
from tests.optimizer.pruning import digits
from tests.optimizer.pruning.digits import IMAGES, PIXELS, TRAINED, Array
from tests.optimizer.pruning.nets import Flow, Net


def prune(model: ModelProto, folder: Path, rows: Array, **settings: Json) -> Made:
    folder.mkdir(exist_ok=True)
    (path := folder / "given.onnx").write_bytes(model.SerializeToString())
    seen = Rows(inputs={"x": rows})
    return Prune().run(
        Work(model=path, given=path, calibration=seen, search=seen, settings=settings, seed=0, threads=1, scratch=folder)
    )


def agreement(model: ModelProto, made: Made, rows: Array) -> float:
    return float((digits.run(model, rows).argmax(1) == digits.run(onnx.load(made.model), rows).argmax(1)).mean())


@pytest.mark.parametrize(
    ("make", "rows"), [(digits.dense, PIXELS), (digits.convolutional, IMAGES)], ids=["dense", "convolutional"]
)
def test_at_half_width_a_fitted_network_answers_as_before_and_one_that_is_only_cut_does_not(
    make: type[ModelProto], rows: Array, tmp_path: Path
) -> None:
    model = make()

    fitted = prune(model, tmp_path / "fitted", rows[:TRAINED], share=0.5)
    cut = prune(model, tmp_path / "cut", rows[:TRAINED], share=0.5, refit=False)

    after, before = agreement(model, fitted, rows[TRAINED:]), agreement(model, cut, rows[TRAINED:])
    assert after > 0.95
    assert after - before > 0.1


def test_half_the_channels_take_less_than_half_of_the_operations(tmp_path: Path) -> None:
    model = digits.convolutional()

    made = prune(model, tmp_path, IMAGES[:64], share=0.5)

    before, after = (profile_content(path.read_bytes(), path, tmp_path) for path in (tmp_path / "given.onnx", made.model))
    assert after.flops.at({"n": 8}) < 0.45 * before.flops.at({"n": 8})
    assert after.parameters == made.figures["parameters_after"] < 0.5 * before.parameters


def test_the_same_work_gives_the_same_bytes(tmp_path: Path) -> None:
    model = digits.convolutional()

    first, second = (prune(model, tmp_path / name, IMAGES[:64]).model.read_bytes() for name in ("first", "second"))

    assert first == second


def test_widths_keep_to_the_blocks_of_the_chip(tmp_path: Path) -> None:
    net = Net(np.random.default_rng(0))
    x = net.gemm(net.activation(net.gemm(net.activation(net.gemm(Flow("x", (8,)), 100)), 20)), 3, dead=False)
    model = net.model((8,), x)

    made = prune(model, tmp_path, noise(8), share=0.5)

    assert sizes(onnx.load(made.model)) == {(8, 48), (48, 16), (16, 3)}


def test_a_group_may_have_a_share_of_its_own(tmp_path: Path) -> None:
    net = Net(np.random.default_rng(0))
    first = net.gemm(Flow("x", (8,)), 64)
    x = net.gemm(net.activation(net.gemm(net.activation(first), 64)), 3, dead=False)
    model = net.model((8,), x)

    made = prune(model, tmp_path, noise(8), share=0, ratios={first.name: 0.75})

    assert sizes(onnx.load(made.model)) == {(8, 16), (16, 64), (64, 3)}
    assert any(note.startswith(f"{first.name}: 64 channels became 16") for note in made.notes)


def test_heads_of_attention_go_as_wholes(tmp_path: Path) -> None:
    model = attention(dead=2)

    made = prune(model, tmp_path, noise(6, 32), share=0, heads=0.5, refit=False)

    pruned = onnx.load(made.model)
    onnx.checker.check_model(pruned, full_check=True)
    assert (32, 16) in sizes(pruned) and (16, 32) in sizes(pruned)
    np.testing.assert_allclose(digits.run(pruned, noise(6, 32)), digits.run(model, noise(6, 32)), atol=1e-4)


def test_a_bias_that_is_reshaped_and_added_is_a_bias(tmp_path: Path) -> None:
    net, width = Net(np.random.default_rng(0)), 32
    kernels, bias = net.constant(net.draw(width, 3, 3, 3) / 5), net.constant(net.draw(width))
    made = net.add("Conv", ["x", kernels], (width, 6, 6))
    shaped = net.add("Reshape", [bias, net.constant(np.array([1, width, 1, 1]))], (1, width, 1, 1))
    x = net.activation(net.add("Add", [made.name, shaped.name], made.shape))
    model = net.model((3, 8, 8), net.gemm(net.flat(x), 3, dead=False))

    pruned = prune(model, tmp_path, noise(3, 8, 8), share=0.5)

    assert pruned.figures["groups_pruned"] == 1
    assert digits.run(onnx.load(pruned.model), noise(3, 8, 8)).shape == (64, 3)


def test_of_two_neurons_that_say_the_same_one_goes(tmp_path: Path) -> None:
    net, width = Net(np.random.default_rng(0)), 32
    weight, bias = net.draw(8, width).repeat(2, axis=1), net.draw(width).repeat(2)
    x = net.add("Tanh", [net.add("Gemm", ["x", net.constant(weight), net.constant(bias)], (2 * width,)).name], (2 * width,))
    model = net.model((8,), net.gemm(x, 3, dead=False))

    made = prune(model, tmp_path, np.concatenate([noise(8), noise(8, seed=1)]), share=0.5)

    np.testing.assert_allclose(digits.run(onnx.load(made.model), noise(8)), digits.run(model, noise(8)), atol=0.05)


def test_weights_that_two_layers_share_are_cut_for_each_as_it_needs(tmp_path: Path) -> None:
    net, width = Net(np.random.default_rng(0)), 32
    shared = net.constant(net.draw(width, width) / 6)
    x = net.gemm(Flow("x", (8,)), width)
    for _ in range(2):
        x = net.add("Tanh", [net.add("MatMul", [x.name, shared], (width,)).name], (width,))
    model = net.model((8,), net.gemm(x, 3, dead=False))

    made = prune(model, tmp_path, noise(8), share=0.5)

    assert sizes(onnx.load(made.model)) == {(8, 16), (16, 16), (16, 3)}
    assert agreement(model, made, noise(8, seed=1)) > 0.5


@pytest.mark.parametrize(
    ("operator", "reason"),
    [("Softmax", "Softmax divides by their sum"), ("CumSum", "CumSum is not followed"), ("ReduceMax", "ReduceMax joins them")],
)
def test_what_mixes_channels_keeps_them_with_the_reason(operator: str, reason: str, tmp_path: Path) -> None:
    net = Net(np.random.default_rng(0))
    x = net.gemm(Flow("x", (8,)), 32)
    more = [net.constant(np.array(1))] if operator == "CumSum" else []
    attributes = {"axes": [1]} if operator == "ReduceMax" else {}
    mixed = net.add(operator, [x.name, *more], (1,) if operator == "ReduceMax" else (32,), **attributes)
    model = net.model((8,), net.gemm(mixed, 3, dead=False))

    with pytest.raises(PassRefusedError, match="nothing-to-prune") as refused:
        prune(model, tmp_path, noise(8))

    assert f"{x.name}: all 32 channels stay: {reason}" in refused.value.why


@pytest.mark.parametrize("settings", [{"share": 1.5}, {"shares": 0.5}, {"ratios": 3}, {"importance": "luck"}], ids=str)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Json], tmp_path: Path) -> None:
    net = Net(np.random.default_rng(0))
    model = net.model((8,), net.gemm(net.gemm(Flow("x", (8,)), 32), 3, dead=False))

    with pytest.raises(PassRefusedError, match="settings"):
        prune(model, tmp_path, noise(8), **settings)


def test_without_rows_nothing_can_be_fitted(tmp_path: Path) -> None:
    net = Net(np.random.default_rng(0))
    model = net.model((8,), net.gemm(net.gemm(Flow("x", (8,)), 32), 3, dead=False))

    with pytest.raises(PassRefusedError, match="no-data"):
        prune(model, tmp_path, noise(8)[:0])

    assert prune(model, tmp_path, noise(8)[:0], refit=False).figures["groups_pruned"] == 1


def noise(*shape: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal((64, *shape)).astype(np.float32)


def sizes(model: ModelProto) -> set[tuple[int, ...]]:
    """Of the matrices, those that read first."""
    transposed = {n.input[1] for n in model.graph.node for a in n.attribute if a.name == "transB" and a.i}
    return {
        tuple(reversed(tensor.dims)) if tensor.name in transposed else tuple(tensor.dims)
        for tensor in model.graph.initializer
        if len(tensor.dims) == 2
    }


def attention(dead: int) -> ModelProto:
    """Four heads of 8 over [6, 32], of which the last ones say nothing."""
    net, heads, size = Net(np.random.default_rng(0)), 4, 8
    alive = np.repeat(np.arange(heads) < heads - dead, size).astype(float)

    def headed(alive: Array) -> Flow:
        x = net.add("MatMul", ["x", net.constant(net.draw(32, 32) / 6 * alive)], (6, 32))
        x = net.add("Reshape", [x.name, net.constant(np.array([0, 0, heads, size]))], (6, heads, size))
        return net.add("Transpose", [x.name], (heads, 6, size), perm=[0, 2, 1, 3])

    query, key, value = headed(alive), headed(alive), headed(alive)
    turned = net.add("Transpose", [key.name], (heads, size, 6), perm=[0, 1, 3, 2])
    scores = net.add("MatMul", [query.name, turned.name], (heads, 6, 6))
    mixed = net.add("MatMul", [net.add("Softmax", [scores.name], scores.shape).name, value.name], (heads, 6, size))
    joined = net.add("Transpose", [mixed.name], (6, heads, size), perm=[0, 2, 1, 3])
    flat = net.add("Reshape", [joined.name, net.constant(np.array([0, 0, heads * size]))], (6, heads * size))
    given = net.add("MatMul", [flat.name, net.constant(net.draw(32, 32) / 6)], (6, 32))
    return net.model((6, 32), given)


@pytest.mark.parametrize("refit", [True, False])
def test_a_narrow_layer_beside_a_wide_one_keeps_a_channel(refit: bool, tmp_path: Path) -> None:
    net = Net(np.random.default_rng(0))
    x = Flow("x", (8,))
    narrow, wide, whole = net.gemm(x, 4), net.gemm(x, 28), net.gemm(x, 32)
    beside = net.add("Concat", [narrow.name, wide.name], (32,), axis=1)
    tied = net.add("Add", [beside.name, whole.name], (32,))
    model = net.model((8,), net.gemm(tied, 3, dead=False))
    # What the narrow one gives weighs nothing, so that all of it would go first.
    for tensor in model.graph.initializer:
        if tuple(tensor.dims) in ((8, 4), (4,)):
            tensor.CopyFrom(onnx.numpy_helper.from_array(np.zeros(tensor.dims, np.float32), tensor.name))

    made = prune(model, tmp_path, noise(8), share=0.5, block=1, refit=refit, importance="weight")

    assert all(0 not in size for size in sizes(onnx.load(made.model)))
    digits.run(onnx.load(made.model), noise(8))
